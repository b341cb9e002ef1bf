"""Time budgets: the clock, and how a training that the budget ends, ends."""

import math

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.stoppers import EarlyStopper
from pykeen.trackers.base import PythonResultTracker
from pykeen.training.callbacks import EvaluationTrainingCallback, TrainingCallback

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
    TimeBudget,
)


class Clock:
    """A clock which the test moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Tick(TrainingCallback):
    """One second a step, ten seconds of something else after each epoch; records what is called."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock
        self.steps, self.epochs, self.trained = 0, [], []

    def post_batch(self, **kwargs):
        self.steps += 1
        self.clock.now += 1.0

    def post_epoch(self, epoch, epoch_loss, **kwargs):
        self.epochs.append((epoch, epoch_loss))
        self.clock.now += 10.0

    def post_train(self, losses, **kwargs):
        self.trained.append(list(losses))


LOOPS = [
    QuerySamplingTrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
]


@pytest.fixture
def factory():
    return Nations(create_inverse_triples=True).training  # 2 · 1,592 triples


@pytest.fixture
def clock():
    return Clock()


def make(cls, factory, seconds, clock, **kwargs):
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0, loss=HaLELoss())
    budget = None if seconds is None else TimeBudget(seconds, clock=clock)
    return cls(model=model, triples_factory=factory, optimizer="Adam", time_budget=budget, **kwargs)


def test_bad_budget_of_a_loop(factory):
    with pytest.raises(ValueError, match="time_budget=-3"):
        QuerySamplingTrainingLoop(
            model=DistMult(triples_factory=factory, random_seed=0), triples_factory=factory, time_budget=-3
        )


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSLCWATrainingLoop])
@pytest.mark.parametrize(("seconds", "steps"), [(1, 1), (3, 3), (6.5, 7), (7, 7), (8, 8), (29.5, 30)])
def test_it_stops_after_the_step_that_spends_it(cls, factory, clock, seconds, steps):
    tick = Tick(clock)
    loop = make(cls, factory, seconds, clock)
    # 7 batches an epoch; the number of epochs does not matter
    losses = loop.train(factory, num_epochs=1, batch_size=512, callbacks=tick, use_tqdm=False)
    assert tick.steps == loop.num_steps == steps
    assert loop.stop_reason == "budget"
    assert len(losses) == math.ceil(steps / 7)
    assert [epoch for epoch, _ in tick.epochs] == list(range(1, len(losses) + 1))
    assert tick.trained == [losses]  # post_train, once


def test_loss_of_a_cut_epoch_is_the_mean_of_its_steps(factory, clock):
    class Record(Tick):
        def on_batch(self, batch_loss, **kwargs):
            self.losses = [*getattr(self, "losses", []), batch_loss]

    record = Record(clock)
    losses = make(QuerySamplingTrainingLoop, factory, 3, clock).train(
        factory, batch_size=512, callbacks=record, use_tqdm=False
    )
    assert losses == [pytest.approx(sum(record.losses) / 3)]


def test_without_budget_the_epochs_count(factory, clock):
    tick = Tick(clock)
    loop = make(QuerySamplingTrainingLoop, factory, None, clock)
    assert len(loop.train(factory, num_epochs=2, batch_size=512, callbacks=tick, use_tqdm=False)) == 2
    assert (loop.stop_reason, loop.num_steps) == ("epochs", 14)


def test_training_again_starts_a_fresh_budget(factory, clock):
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    for _ in range(2):
        loop._epoch = 0
        tick = Tick(clock)
        loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False)
        assert tick.steps == 3


def test_size_probing_neither_starts_nor_spends(factory, clock):
    """PyKEEN probes the batch size before the first epoch; the clock moves meanwhile."""
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    probed, process = [], loop._process_batch

    def slow(*args, **kwargs):
        if not loop.stopwatch.elapsed("training"):
            probed.append(set(loop.seconds))
        clock.now += 0.5
        return process(*args, **kwargs)

    loop._process_batch = slow
    loop.train(factory, batch_size=512, use_tqdm=False)
    assert probed[:2] == [{"set-up"}] * 2
    assert loop.num_steps == 6
    assert loop.seconds == {"set-up": 1.0, "training": 3.0, "callbacks": 0.0}


def test_a_budget_with_size_probing_only_is_an_error(factory, clock):
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    with pytest.raises(ValueError, match=r"time_budget=3 has no meaning with only_size_probing=True"):
        loop.train(factory, batch_size=512, only_size_probing=True)
    loop = make(QuerySamplingTrainingLoop, factory, None, clock)
    assert loop.train(factory, batch_size=512, only_size_probing=True) is None
    assert loop.stop_reason is None


@pytest.mark.parametrize("cls", LOOPS)
def test_a_budget_of_zero_does_no_step(cls, factory, clock, caplog, tmp_path):
    tick, tracker = Tick(clock), PythonResultTracker()
    if cls is BudgetedSymmetricLCWATrainingLoop:
        factory = Nations().training
    loop = make(cls, factory, 0, clock, result_tracker=tracker)
    assert loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, checkpoint=tmp_path / "c") == []
    assert (tick.steps, tick.trained, loop.num_steps, loop.stop_reason) == (0, [[]], 0, "budget")
    assert "no step is done" in caplog.text
    assert loop.triples_per_second == 0
    assert (tmp_path / "c").is_file()


class Worsening(RankBasedEvaluator):
    """Each evaluation is worse than the one before; remembers the parameters it saw."""

    def evaluate(self, model, *args, **kwargs):
        self.seen = [*getattr(self, "seen", []), {k: v.clone() for k, v in model.state_dict().items()}]
        value = 1.0 / len(self.seen)

        class Result:
            def get_metric(self, name):
                return value

            def to_flat_dict(self):
                return {}

        return Result()


def test_the_best_model_of_an_early_stopper_is_restored(factory, clock, tmp_path):
    loop = make(QuerySamplingTrainingLoop, factory, 21, clock)
    evaluator = Worsening()
    stopper = EarlyStopper(
        model=loop.model,
        evaluator=evaluator,
        training_triples_factory=factory,
        evaluation_triples_factory=factory,
        frequency=1,
        patience=100,
        best_model_path=tmp_path / "best.pt",
    )
    loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper)
    assert loop.stop_reason == "budget"
    assert len(evaluator.seen) == 3
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, evaluator.seen[0][name])
    assert not (tmp_path / "best.pt").exists()


def test_early_stopping_within_the_budget(factory, clock, tmp_path):
    loop = make(QuerySamplingTrainingLoop, factory, 1_000, clock)
    stopper = EarlyStopper(
        model=loop.model,
        evaluator=Worsening(),
        training_triples_factory=factory,
        evaluation_triples_factory=factory,
        frequency=1,
        patience=1,
        best_model_path=tmp_path / "best.pt",
    )
    losses = loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper)
    assert loop.stop_reason == "early stopping"
    assert len(losses) == 2


def test_progress_is_in_seconds(factory, clock, tmp_path):
    with (tmp_path / "bar").open("w+") as file:
        make(QuerySamplingTrainingLoop, factory, 3, clock).train(
            factory,
            batch_size=512,
            callbacks=Tick(clock),
            tqdm_kwargs={"file": file, "disable": False, "mininterval": 0, "miniters": 0},
        )
        file.seek(0)
        shown = file.read()
    assert "/3.0 s of training" in shown
    assert "100%" in shown


def test_losses_are_tracked(factory, clock):
    tracker = PythonResultTracker()
    loop = make(QuerySamplingTrainingLoop, factory, 15, clock, result_tracker=tracker)
    losses = loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False)
    assert [tracker.metrics[step]["loss"] for step in (1, 2, 3)] == losses


def test_real_time(factory):
    loop = QuerySamplingTrainingLoop(
        model=DistMult(triples_factory=factory, embedding_dim=4, random_seed=0, loss=HaLELoss()),
        triples_factory=factory,
        optimizer="Adam",
        time_budget=0.3,
    )
    loop.train(factory, batch_size=512, use_tqdm=False)
    assert loop.time_budget.elapsed >= 0.3
    assert loop.num_steps > 1


def test_time_of_evaluation_is_not_counted(factory, clock):
    """The ticks after each epoch move the clock by 10 s, and 3 epochs of 7 s fit into 21 s all the same."""
    tick = Tick(clock)
    loop = make(QuerySamplingTrainingLoop, factory, 21, clock)
    assert len(loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False)) == 3
    assert clock.now == 100 + 21 + 30


@pytest.mark.parametrize("cls", LOOPS)
def test_what_is_reported(cls, factory, clock):
    """Seconds by phase add up to all of the time; triples a second are those of the steps."""
    if cls is BudgetedSymmetricLCWATrainingLoop:
        factory = Nations().training
    tick, tracker = Tick(clock), PythonResultTracker()
    loop = make(cls, factory, 21, clock, result_tracker=tracker)
    losses = loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False)
    seconds = {"set-up": 0.0, "training": 21.0, "callbacks": 10.0 * len(losses)}
    assert loop.seconds == seconds
    assert sum(seconds.values()) == clock.now - 100
    metrics = tracker.metrics[len(losses)]
    assert {name: metrics[f"seconds.{name}"] for name in seconds} == seconds
    assert metrics["training.steps"] == 21
    if cls is not BudgetedLCWATrainingLoop:  # its batches are of pairs
        triples = len(factory._add_inverse_triples_if_necessary(factory.mapped_triples))
        assert metrics["training.triples_per_second"] == pytest.approx(triples / math.ceil(triples / 512))
    assert tracker.configuration["stop_reason"] == "budget"


def test_work_in_another_phase_is_not_charged(factory, clock):
    class Evaluating(Tick):
        def post_batch(self, **kwargs):
            super().post_batch(**kwargs)
            with self.training_loop.phase("evaluation"):
                self.clock.now += 5.0

    loop = make(QuerySamplingTrainingLoop, factory, 7, clock)
    loop.train(factory, batch_size=512, callbacks=Evaluating(clock), use_tqdm=False)
    assert loop.num_steps == 7
    assert loop.seconds == {"set-up": 0.0, "training": 7.0, "evaluation": 35.0, "callbacks": 10.0}


def test_pykeens_evaluating_callbacks_are_not_charged(factory, clock):
    """Whenever they are called: here after each batch."""
    moved = clock

    class Slow(RankBasedEvaluator):
        def evaluate(self, *args, **kwargs):
            moved.now += 5.0
            return super().evaluate(*args, **kwargs)

    class EachBatch(EvaluationTrainingCallback):
        def post_batch(self, epoch, batch, **kwargs):
            self.post_epoch(epoch=epoch, epoch_loss=0.0)

        def post_epoch(self, epoch, epoch_loss, **kwargs):
            super().post_epoch(epoch, epoch_loss)

    evaluating = EachBatch(
        evaluation_triples=factory.mapped_triples[:8],
        evaluator=Slow(),
        additional_filter_triples=factory.mapped_triples,
        use_tqdm=False,
    )
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    loop.train(factory, batch_size=512, callbacks=[Tick(clock), evaluating], use_tqdm=False)
    assert loop.num_steps == 3
    assert loop.seconds["training"] == 3.0
    assert loop.seconds["evaluation"] == 20.0  # three batches and one epoch


def test_an_early_stopper_looks_at_whole_epochs_only(factory, clock, tmp_path):
    """One and a half epochs: the second is not over when training goes on from a checkpoint."""
    loop = make(QuerySamplingTrainingLoop, factory, 10, clock)
    stopper = EarlyStopper(
        model=loop.model,
        evaluator=Worsening(),
        training_triples_factory=factory,
        evaluation_triples_factory=factory,
        frequency=1,
        best_model_path=tmp_path / "best.pt",
    )
    tick = Tick(clock)
    assert len(loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, stopper=stopper)) == 2
    assert [epoch for epoch, _ in tick.epochs] == [1, 2]
    assert stopper.results == [1.0]


def test_post_train_runs_after_early_stopping_too(factory, clock, tmp_path):
    loop = make(QuerySamplingTrainingLoop, factory, 1_000, clock)
    stopper = EarlyStopper(
        model=loop.model,
        evaluator=Worsening(),
        training_triples_factory=factory,
        evaluation_triples_factory=factory,
        frequency=1,
        patience=1,
        best_model_path=tmp_path / "best.pt",
    )
    tick = Tick(clock)
    losses = loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, stopper=stopper)
    assert tick.trained == [losses]


def test_tensors_as_batch_losses(factory):
    """An epoch of one's own may hand over losses which are still on the device."""

    class OnDevice(QuerySamplingTrainingLoop):
        def _forward_pass(self, *args, **kwargs):
            return torch.tensor(super()._forward_pass(*args, **kwargs))

    losses, plain = (run_three_steps(cls, factory) for cls in (OnDevice, QuerySamplingTrainingLoop))
    assert losses == pytest.approx(plain)
    assert isinstance(losses[0], float)


def run_three_steps(cls, factory):
    clock = Clock()
    torch.manual_seed(0)
    return make(cls, factory, 3, clock).train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False)
