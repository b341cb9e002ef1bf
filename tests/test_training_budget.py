"""Time budgets: the clock, and how a training that the budget ends, ends."""

import math

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.models import DistMult
from pykeen.stoppers import EarlyStopper
from pykeen.trackers.base import PythonResultTracker
from pykeen.training import SLCWATrainingLoop
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import QuerySamplingTrainingLoop, TimeBudget, TimeBudgetMixin


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


class BudgetedSLCWA(TimeBudgetMixin, SLCWATrainingLoop):
    """The mixin on one of PyKEEN's loops."""


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


@pytest.mark.parametrize("seconds", [0, -1, -0.5, math.nan, math.inf, "10", None, True, [1]])
def test_budget_must_be_a_positive_number(seconds):
    with pytest.raises(ValueError, match=r"time_budget=.* finite number of seconds > 0"):
        TimeBudget(seconds)


def test_bad_budget_of_a_loop(factory):
    with pytest.raises(ValueError, match="time_budget=-3"):
        QuerySamplingTrainingLoop(
            model=DistMult(triples_factory=factory, random_seed=0), triples_factory=factory, time_budget=-3
        )


def test_only_time_inside_counts(clock):
    budget = TimeBudget(10, clock=clock)
    clock.now += 5
    assert budget.elapsed == 0
    with budget.running():
        clock.now += 4
        assert budget.elapsed == 4
    clock.now += 100
    with budget.running():
        clock.now += 6
        assert budget.is_spent
    assert budget.elapsed == 10
    budget.reset()
    assert not budget.is_spent


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSLCWA])
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
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    loop.train(factory, batch_size=512, only_size_probing=True, callbacks=Tick(clock), use_tqdm=False)
    assert loop.time_budget.elapsed == 0
    assert loop.stop_reason is None


def test_a_checkpoint_is_written(factory, clock, tmp_path):
    loop = make(QuerySamplingTrainingLoop, factory, 3, clock)
    loop.train(
        factory,
        batch_size=512,
        callbacks=Tick(clock),
        use_tqdm=False,
        checkpoint_directory=tmp_path,
        checkpoint_name="last.pt",
    )
    state = torch.load(tmp_path / "last.pt", weights_only=False)
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, state["model_state_dict"][name])


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
