"""Going on from a checkpoint: the same steps as without an interruption, bit for bit, whatever the loop."""

import logging
import random

import numpy as np
import pytest
import torch
from budget_runs import LOOPS
from pykeen.datasets import Nations
from pykeen.models import DistMult
from pykeen.pipeline import pipeline
from pykeen.stoppers import EarlyStopper
from pykeen.trackers.base import PythonResultTracker
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import ConjComplEx, HypER
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    CheckpointError,
    QuerySamplingTrainingLoop,
    TimeBudget,
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Step(TrainingCallback):
    """One second per step; draws from every global random state, as a model may; fails where it is told to."""

    def __init__(self, clock, fail_after=None):
        super().__init__()
        self.clock, self.fail_after, self.steps, self.drawn = clock, fail_after, 0, []

    def post_batch(self, **kwargs):
        self.drawn.append((random.random(), np.random.random(), torch.rand(()).item()))
        self.clock.now += 1.0
        self.steps += 1

    def pre_batch(self, **kwargs):
        if self.fail_after is not None and self.steps == self.fail_after:
            raise KeyboardInterrupt  # as good as a kill: nothing is written on the way out


def make(cls, budget, clock, *, seed=0, model=DistMult, factory=None, optimizer="Adam", lr=0.002, **kwargs):
    if factory is None:
        factory = Nations(create_inverse_triples=cls is not BudgetedSymmetricLCWATrainingLoop).training
    loss = HaLELoss()
    return cls(
        model=model(triples_factory=factory, random_seed=seed, loss=loss, **kwargs.pop("model_kwargs", {})),
        triples_factory=factory,
        optimizer=optimizer,
        optimizer_kwargs={} if lr is None else dict(lr=lr),
        time_budget=None if budget is None else TimeBudget(budget, clock=clock),
        **kwargs,
    )


def seed_all(seed):
    random.seed(seed), np.random.seed(seed), torch.manual_seed(seed)


def run(cls, budget, *, seed=0, fail_after=None, train=None, num_epochs=1, stopper=None, **kwargs):
    """Train; with another seed, a new process which knows nothing of the one before."""
    seed_all(seed)
    clock = Clock()
    loop = make(cls, budget, clock, seed=seed, **kwargs)
    step = Step(clock, fail_after)
    arguments = {"num_epochs": num_epochs, "batch_size": 300, "use_tqdm": False, "callbacks": step, **(train or {})}
    if stopper is not None:
        arguments["stopper"] = stopper(loop)
    try:
        losses = loop.train(loop_factory(loop), **arguments)
    except KeyboardInterrupt:
        losses = None
    return loop, losses, step


def loop_factory(loop):
    return (
        loop._factory
        if hasattr(loop, "_factory")
        else Nations(create_inverse_triples=not isinstance(loop, BudgetedSymmetricLCWATrainingLoop)).training
    )


def assert_same(one, other):
    for name, value in one.model.state_dict().items():
        assert torch.equal(value, other.model.state_dict()[name]), name
    a, b = (loop.optimizer.state_dict() for loop in (one, other))
    assert a["param_groups"] == b["param_groups"]
    for key, state in a["state"].items():
        for name, value in state.items():
            assert torch.equal(torch.as_tensor(value), torch.as_tensor(b["state"][key][name])), name
    assert (one._epoch, one.num_steps) == (other._epoch, other.num_steps)


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("first", [4, 9, 13])
def test_a_budget_cuts_an_epoch_and_a_larger_one_goes_on(cls, first, tmp_path):
    """Bit for bit, in the middle of an epoch and at its end, with everything drawn from the global random states."""
    whole, losses, step = run(cls, 20)
    _, cut, half = run(cls, first, train={"checkpoint": tmp_path / "c"})
    resumed, all_losses, rest = run(cls, 20, seed=9, train={"checkpoint": tmp_path / "c"})
    assert_same(whole, resumed)
    assert all_losses == losses
    assert half.drawn + rest.drawn == step.drawn
    assert (half.steps, rest.steps, resumed.num_steps) == (first, 20 - first, 20)
    assert resumed.time_budget.elapsed == 20
    assert len(cut) <= len(losses)


SCHEDULES = {
    "Exponential": {"gamma": 0.9},
    "Step": {"step_size": 1},
    "CosineAnnealing": {"T_max": 3},
    "MultiStep": {"milestones": [1, 1, 2]},
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("budgets", [(4, 30), (11, 30), (7, 13, 18, 30)])
def test_a_cut_epoch_is_none_to_a_schedule(name, budgets, tmp_path):
    """Budgets cut epochs of eleven steps: the schedule goes on once per whole epoch."""
    schedule = {"lr_scheduler": name, "lr_scheduler_kwargs": SCHEDULES[name]}
    whole, losses, _ = run(QuerySamplingTrainingLoop, budgets[-1], **schedule)
    for seed, budget in enumerate(budgets):
        resumed, all_losses, _ = run(
            QuerySamplingTrainingLoop, budget, seed=seed, train={"checkpoint": tmp_path / "c"}, **schedule
        )
    assert_same(whole, resumed)
    assert all_losses == losses
    assert resumed.lr_scheduler.get_last_lr() == whole.lr_scheduler.get_last_lr()


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("kill", [1, 6, 17])
def test_after_a_kill(cls, kill, tmp_path):
    """Checkpoints every two steps; what was done since the last is done again, and not charged twice.

    The learning rate is the loop's own choice, with its schedule, where it has one.
    """
    whole, losses, step = run(cls, 20, lr=None)
    train = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 2}
    _, none, _ = run(cls, 20, lr=None, fail_after=kill, train=train)
    assert none is None
    resumed, all_losses, rest = run(cls, 20, lr=None, seed=9, train=train)
    assert_same(whole, resumed)
    assert all_losses == losses
    assert rest.drawn == step.drawn[kill - kill % 2 :]
    assert resumed.time_budget.elapsed == 20


@pytest.mark.parametrize("fail_after", [7, 11, 23])
def test_epochs_without_a_budget(fail_after, tmp_path):
    whole, losses, _ = run(QuerySamplingTrainingLoop, None, num_epochs=3, lr_scheduler="BudgetCosine")
    train = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 1e-9}
    run(QuerySamplingTrainingLoop, None, num_epochs=3, fail_after=fail_after, train=train, lr_scheduler="BudgetCosine")
    resumed, all_losses, rest = run(
        QuerySamplingTrainingLoop, None, num_epochs=3, seed=9, train=train, lr_scheduler="BudgetCosine"
    )
    assert_same(whole, resumed)
    assert all_losses == losses
    assert rest.steps == 33 - fail_after
    assert resumed.stop_reason == "epochs"


@pytest.mark.parametrize("model", [ConjComplEx, HypER])
@pytest.mark.parametrize("lr_scheduler", ["BudgetLinear", "Exponential", None])
def test_models_with_state_and_schedules(model, lr_scheduler, tmp_path):
    """HypER has dropout and batch norm."""
    kwargs = {"model": model, "lr_scheduler": lr_scheduler, "model_kwargs": {"embedding_dim": 20}}
    if lr_scheduler == "Exponential":
        kwargs["lr_scheduler_kwargs"] = {"gamma": 0.9}
    # HypER's batches are whole ones: ten an epoch
    whole, losses, _ = run(QuerySamplingTrainingLoop, 25, **kwargs)
    train = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 1}
    run(QuerySamplingTrainingLoop, 25, fail_after=14, train=train, **kwargs)
    resumed, all_losses, _ = run(QuerySamplingTrainingLoop, 25, seed=9, train=train, **kwargs)
    assert_same(whole, resumed)
    assert all_losses == losses
    if lr_scheduler is not None:
        assert resumed.lr_scheduler.get_last_lr() == whole.lr_scheduler.get_last_lr()


def test_workers_of_a_data_loader(tmp_path):
    train = {"checkpoint": tmp_path / "c", "num_workers": 1}
    whole, losses, _ = run(BudgetedLCWATrainingLoop, 5, train={"num_workers": 1})
    run(BudgetedLCWATrainingLoop, 2, train=train)
    resumed, all_losses, _ = run(BudgetedLCWATrainingLoop, 5, seed=9, train=train)
    assert_same(whole, resumed)
    assert all_losses == losses


@pytest.mark.parametrize("optimizer", ["SGD", "Adagrad", "Adamax"])
def test_any_optimizer(optimizer, tmp_path):
    """Plain SGD has no state, which PyKEEN takes for never trained."""
    whole, _, _ = run(QuerySamplingTrainingLoop, 5, optimizer=optimizer)
    run(QuerySamplingTrainingLoop, 3, optimizer=optimizer, train={"checkpoint": tmp_path / "c"})
    resumed, _, _ = run(QuerySamplingTrainingLoop, 5, optimizer=optimizer, seed=9, train={"checkpoint": tmp_path / "c"})
    assert_same(whole, resumed)


def test_a_spent_budget_does_no_step_and_says_so(tmp_path, caplog):
    train = {"checkpoint": tmp_path / "c"}
    first, losses, _ = run(QuerySamplingTrainingLoop, 5, train=train)
    before = (tmp_path / "c").read_bytes()
    again, same_losses, step = run(QuerySamplingTrainingLoop, 5, seed=9, train=train)
    assert step.steps == 0
    assert "time_budget=5 s is spent (5.000 s of training are done): no step is done" in caplog.text
    assert (again.stop_reason, again.num_steps) == ("budget", 5)
    assert same_losses == losses
    assert again._epoch == first._epoch
    assert (tmp_path / "c").read_bytes() == before
    for name, value in first.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])


def test_resetting_the_budget(tmp_path):
    train = {"checkpoint": tmp_path / "c"}
    whole, losses, _ = run(QuerySamplingTrainingLoop, 10)
    run(QuerySamplingTrainingLoop, 5, train=train)
    again, all_losses, step = run(QuerySamplingTrainingLoop, 5, seed=9, train={**train, "reset_time_budget": True})
    assert step.steps == 5
    assert again.time_budget.elapsed == 5
    assert again.num_steps == 10
    assert all_losses == losses
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, again.model.state_dict()[name])


def test_a_budget_of_zero_can_be_gone_on_from(tmp_path):
    run(QuerySamplingTrainingLoop, 0, train={"checkpoint": tmp_path / "c"})
    resumed, _, step = run(QuerySamplingTrainingLoop, 3, seed=9, train={"checkpoint": tmp_path / "c"})
    assert step.steps == resumed.num_steps == 3


def test_going_on_in_the_same_process():
    """``continue_training`` goes on with what is left of the budget; its total is that of both."""
    seed_all(0)
    clock = Clock()
    loop, step = make(QuerySamplingTrainingLoop, 5, clock), Step(clock)
    arguments = {"batch_size": 300, "use_tqdm": False, "callbacks": step}
    loop.train(loop_factory(loop), **arguments)
    loop.time_budget.seconds = 20
    losses = loop.train(loop_factory(loop), continue_training=True, **arguments)
    assert step.steps == loop.num_steps == 20
    whole, expected, _ = run(QuerySamplingTrainingLoop, 20)
    assert_same(whole, loop)
    assert losses == expected


@pytest.mark.parametrize("is_elsewhere", [False, True])
@pytest.mark.parametrize("found", [None, 100])
def test_batches_are_split_as_in_the_training_so_far(found, is_elsewhere, monkeypatch, tmp_path):
    """PyKEEN's search looks at no ``sub_batch_size`` that is given, and does not come where a training goes on."""
    if found is not None:
        finding = lambda loop, **kwargs: (found, True, True)  # noqa: E731
        monkeypatch.setattr(QuerySamplingTrainingLoop, "_sub_batch_size_search", finding)
    sizes = []
    process = QuerySamplingTrainingLoop._process_batch

    def noting(loop, batch, start, stop, *args, **kwargs):
        sizes.append(stop - start)
        return process(loop, batch, start, stop, *args, **kwargs)

    monkeypatch.setattr(QuerySamplingTrainingLoop, "_process_batch", noting)
    train = {"sub_batch_size": 150, **({"checkpoint": tmp_path / "c"} if is_elsewhere else {})}
    loop, _, step = run(QuerySamplingTrainingLoop, 3, train=train)
    if is_elsewhere:
        run(QuerySamplingTrainingLoop, 5, seed=9, train=train)
    else:
        loop.time_budget.seconds = 5
        train.update(batch_size=300, use_tqdm=False, callbacks=step)
        loop.train(loop_factory(loop), continue_training=True, **train)
    assert {*sizes} == {found or 300}


class Improving:
    """Stands for an evaluator: each evaluation is better than the one before, until the last."""

    def __init__(self, values):
        self.values, self.batch_size, self.slice_size = list(values), None, None

    def evaluate(self, **kwargs):
        value = self.values.pop(0)

        class Result:
            def get_metric(self, name):
                return value

            def to_flat_dict(self):
                return {}

        return Result()


def early(path, values):
    def stopper(loop):
        factory = loop_factory(loop)
        return EarlyStopper(
            model=loop.model,
            evaluator=Improving(values),
            training_triples_factory=factory,
            evaluation_triples_factory=factory,
            frequency=1,
            patience=10,
            best_model_path=path,
        )

    return stopper


def test_the_best_model_survives_a_kill(tmp_path):
    """PyKEEN's early stopper keeps it in a file of its own, which a new process does not know."""
    whole, losses, _ = run(QuerySamplingTrainingLoop, 40, stopper=early(tmp_path / "a", [0.1, 0.9, 0.2]))
    train = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 1}
    run(QuerySamplingTrainingLoop, 40, fail_after=27, train=train, stopper=early(tmp_path / "b", [0.1, 0.9]))
    resumed, all_losses, _ = run(
        QuerySamplingTrainingLoop, 40, seed=9, train=train, stopper=early(tmp_path / "d", [0.2])
    )
    assert_same(whole, resumed)
    assert all_losses == losses


def test_pykeens_own_checkpoint_name(tmp_path):
    """PyKEEN's arguments work, also through its pipeline, which reads the random seed from the file."""
    arguments = {
        "dataset": "nations",
        "model": "DistMult",
        "model_kwargs": {"embedding_dim": 4},
        "training_loop": "BudgetedLCWA",
        "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
    }
    files = {"checkpoint_name": "c", "checkpoint_directory": tmp_path, "checkpoint_frequency": 0}
    training = {"num_epochs": 4, "use_tqdm": False, "batch_size": 100}
    whole = pipeline(**arguments, training_kwargs=training, random_seed=3)
    pipeline(**arguments, training_kwargs={**training, **files, "num_epochs": 2}, random_seed=3)
    resumed = pipeline(**arguments, training_kwargs={**training, **files})
    assert resumed.random_seed == 3
    assert resumed.losses == whole.losses
    assert resumed.get_metric("mrr") == whole.get_metric("mrr")


def test_time_before_a_checkpoint_is_reported(tmp_path):
    train = {"checkpoint": tmp_path / "c"}
    run(QuerySamplingTrainingLoop, 5, train=train)
    tracker = PythonResultTracker()
    resumed, losses, _ = run(QuerySamplingTrainingLoop, 8, seed=9, train=train, result_tracker=tracker)
    assert resumed.seconds["training"] == 8
    assert tracker.metrics[len(losses)]["seconds.training"] == 8
    assert tracker.metrics[len(losses)]["training.steps"] == 8


def test_time_of_setting_up_before_a_checkpoint_is_reported(tmp_path):
    """That of both processes: here two seconds of each."""

    class SlowToSetUp(Step):
        def register_training_loop(self, training_loop):
            super().register_training_loop(training_loop)
            self.clock.now += 2.0

    for budget, seconds in ((5, 2.0), (8, 4.0)):
        clock = Clock()
        loop = make(QuerySamplingTrainingLoop, budget, clock)
        arguments = {"batch_size": 300, "use_tqdm": False, "callbacks": SlowToSetUp(clock)}
        loop.train(loop_factory(loop), checkpoint=tmp_path / "c", **arguments)
        assert loop.seconds["set-up"] == seconds
        assert loop.seconds["training"] == budget


def other_triples():
    """The same entities and relations, one triple less."""
    training = Nations(create_inverse_triples=True).training
    return training.clone_and_exchange_triples(training.mapped_triples[1:])


@pytest.mark.parametrize(
    ("what", "changes"),
    [
        ("model: .*DistMult", {"model": ConjComplEx}),
        ("model: .*", {"model_kwargs": {"embedding_dim": 8}}),
        ("optimizer: 'Adam' there, 'SGD' here", {"optimizer": "SGD"}),
        ("dataset: '1592 training triples", {"factory": other_triples()}),
        ("training loop: 'querysampling' there, 'budgetedlcwa' here", {"cls": BudgetedLCWATrainingLoop}),
        ("lr_scheduler: 'NoneType' there, 'BudgetLinearLR' here", {"lr_scheduler": "BudgetLinear"}),
    ],
)
def test_a_checkpoint_of_something_else(what, changes, tmp_path):
    path = tmp_path / "c"
    run(QuerySamplingTrainingLoop, 3, train={"checkpoint": path})
    before = path.read_bytes()
    changes = dict(changes)
    factory = changes.get("factory")
    loop = make(changes.pop("cls", QuerySamplingTrainingLoop), 5, Clock(), **changes)
    with pytest.raises(CheckpointError, match=rf"checkpoint='.*' is of another {what}"):
        loop.train(factory or loop_factory(loop), batch_size=300, use_tqdm=False, checkpoint=path)
    assert path.read_bytes() == before
    assert loop.num_steps == 0


def test_another_batch_size_in_the_middle_of_an_epoch(tmp_path):
    run(QuerySamplingTrainingLoop, 3, train={"checkpoint": tmp_path / "c"})
    with pytest.raises(ValueError, match=r"batch_size gives 4 batches per epoch, .* in the middle of an epoch of 11"):
        run(QuerySamplingTrainingLoop, 5, train={"checkpoint": tmp_path / "c", "batch_size": 800})


def test_a_damaged_checkpoint(tmp_path):
    path = tmp_path / "c"
    run(QuerySamplingTrainingLoop, 3, train={"checkpoint": path})
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(CheckpointError, match=r"checkpoint='.*' is damaged, or was not written by this package"):
        run(QuerySamplingTrainingLoop, 5, train={"checkpoint": path})
    assert path.read_bytes() == content[: len(content) // 2]


def test_a_path_that_cannot_be_written_is_known_before_the_first_step(tmp_path):
    (tmp_path / "folder").mkdir()
    clock = Clock()
    loop, step = make(QuerySamplingTrainingLoop, 3, clock), Step(clock)
    with pytest.raises(OSError, match="folder"):
        loop.train(loop_factory(loop), batch_size=300, use_tqdm=False, callbacks=step, checkpoint=tmp_path / "folder")
    assert step.steps == 0


def test_a_log_line_tells_where_it_goes_on(tmp_path, caplog):
    train = {"checkpoint": tmp_path / "c"}
    run(QuerySamplingTrainingLoop, 3, train=train)
    with caplog.at_level(logging.INFO, logger="pykeen_conj_hale"):
        run(QuerySamplingTrainingLoop, 5, seed=9, train=train)
    assert "Going on after 3 steps, 3.0 s of training" in caplog.text
