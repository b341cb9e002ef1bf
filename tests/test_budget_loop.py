"""Time budgets: the clock, and how a training that the budget ends, ends."""

import math
import sys
from types import SimpleNamespace

import pytest
import torch
from budget_runs import LOOPS, Clock, Tick, early_stopper, make_loop, nations
from pykeen.datasets import Nations
from pykeen.models import DistMult, Model
from pykeen.trackers.base import PythonResultTracker

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
)
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint, save_checkpoint


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


def test_bad_budget_of_a_loop(factory):
    with pytest.raises(ValueError, match="time_budget=-3"):
        QuerySamplingTrainingLoop(
            model=DistMult(triples_factory=factory, random_seed=0), triples_factory=factory, time_budget=-3
        )


@pytest.mark.parametrize("cls", [QuerySamplingTrainingLoop, BudgetedSLCWATrainingLoop])
@pytest.mark.parametrize(("seconds", "steps"), [(1, 1), (3, 3), (6.5, 7), (7, 7), (8, 8), (29.5, 30)])
def test_it_stops_after_the_step_that_spends_it(cls, factory, clock, seconds, steps):
    tick = Tick(clock)
    loop = make_loop(cls, factory, seconds, clock)
    # 7 batches an epoch; the number of epochs does not matter
    losses = loop.train(factory, num_epochs=1, batch_size=512, callbacks=tick, use_tqdm=False)
    assert tick.steps == loop.num_steps == steps
    assert loop.stop_reason == "budget"
    assert len(losses) == math.ceil(steps / 7)
    assert [epoch for epoch, _ in tick.epochs] == list(range(1, len(losses) + 1))
    assert tick.trained == [losses]  # post_train, once


def test_without_budget_the_epochs_count(factory, clock):
    tick = Tick(clock)
    loop = make_loop(QuerySamplingTrainingLoop, factory, None, clock)
    losses = loop.train(factory, num_epochs=2, batch_size=512, callbacks=tick, use_tqdm=False)
    assert (len(losses), loop.stop_reason, loop.num_steps) == (2, "epochs", 14)
    assert tick.trained == [losses]  # post_train, once


def test_training_again_starts_a_fresh_budget(factory, clock):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, clock)
    for _ in range(2):
        loop._epoch = 0
        tick = Tick(clock)
        loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False)
        assert tick.steps == 3


def test_size_probing_neither_starts_nor_spends(factory, clock):
    """PyKEEN probes the batch size before the first epoch; the clock moves meanwhile."""
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, clock)
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


@pytest.fixture
def searching(monkeypatch):
    """Let batch sizes be searched as on a GPU, and return those that are found."""
    device, search, found = Model.device.fget, BudgetedSLCWATrainingLoop.batch_size_search, []

    def seeming(model):
        caller = sys._getframe(1).f_code
        is_pykeens = caller.co_name == "_train" and caller.co_filename.endswith("training_loop.py")
        return SimpleNamespace(type="cuda") if is_pykeens or caller.co_name == "check_batch_size" else device(model)

    def finding(loop, **kwargs):
        found.append(search(loop, **kwargs))
        return found[-1]

    monkeypatch.setattr(Model, "device", property(seeming))
    monkeypatch.setattr(BudgetedSLCWATrainingLoop, "batch_size_search", finding)
    return found


def parameters_of(loop):
    return {name: value.clone() for name, value in loop.model.state_dict().items()}


def assert_equal(one, other):
    assert all(torch.equal(value, other[name]) for name, value in one.items())


@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_a_batch_size_that_was_found_is_that_of_the_runs_after(is_elsewhere, searching, factory, clock, tmp_path):
    """PyKEEN's search makes the parameters anew: it must not come where a training goes on."""
    loop = make_loop(BudgetedSLCWATrainingLoop, factory, None, clock)
    checkpoint = {"checkpoint": tmp_path / "c"} if is_elsewhere else {}
    loop.train(factory, num_epochs=2, use_tqdm=False, **checkpoint)
    done = parameters_of(loop)
    ((size, _),) = searching
    again = make_loop(BudgetedSLCWATrainingLoop, factory, None, clock) if is_elsewhere else loop
    further = checkpoint or {"continue_training": True}
    again.train(factory, num_epochs=2, use_tqdm=False, **further)
    assert_equal(done, parameters_of(again))
    again.train(factory, num_epochs=3, use_tqdm=False, **further)
    assert 2 * again.num_steps == 3 * math.ceil(3184 / size) * 2
    assert len(searching) == 1


def test_a_batch_size_that_is_not_known_is_asked_for(searching, factory, clock, tmp_path):
    path, message = tmp_path / "c", "batch_size=None is not allowed where a training goes on .* Give the batch_size"
    loop = make_loop(BudgetedSLCWATrainingLoop, factory, None, clock)
    before = parameters_of(loop)
    with pytest.raises(ValueError, match=message):
        loop.train(factory, use_tqdm=False, continue_training=True)
    assert_equal(before, parameters_of(loop))
    loop.train(factory, batch_size=512, use_tqdm=False, checkpoint=path)
    content = load_checkpoint(path)
    assert content["batch_size"] == 512
    save_checkpoint(path, {**content, "batch_size": None})
    other = make_loop(BudgetedSLCWATrainingLoop, factory, None, clock)
    before = parameters_of(other)
    with pytest.raises(ValueError, match=message):
        other.train(factory, num_epochs=2, use_tqdm=False, checkpoint=path)
    assert_equal(before, parameters_of(other))
    other.train(factory, num_epochs=2, batch_size=512, use_tqdm=False, checkpoint=path)
    assert other.num_steps == 14
    assert not searching


def test_a_checkpoint_is_not_read_to_the_device(factory, clock, tmp_path, monkeypatch):
    """The device has model and optimizer already; here one that holds no data stands for it."""
    cls, path = BudgetedLCWATrainingLoop, tmp_path / "c"
    trained, other = (make_loop(cls, factory, 4, clock) for _ in range(2))
    trained.train(factory, batch_size=100, callbacks=Tick(clock), use_tqdm=False, checkpoint=path)
    monkeypatch.setattr(cls, "device", property(lambda loop: torch.device("meta")))
    other._run.load(path)
    assert_equal(parameters_of(trained), parameters_of(other))
    assert other.num_steps == trained.num_steps == 4


def test_a_budget_with_size_probing_only_is_an_error(factory, clock):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, clock)
    with pytest.raises(ValueError, match=r"time_budget=3 has no meaning with only_size_probing=True"):
        loop.train(factory, batch_size=512, only_size_probing=True)
    loop = make_loop(QuerySamplingTrainingLoop, factory, None, clock)
    assert loop.train(factory, batch_size=512, only_size_probing=True) is None
    assert loop.stop_reason is None


@pytest.mark.parametrize("cls", LOOPS)
def test_a_budget_of_zero_does_no_step(cls, factory, clock, caplog, tmp_path):
    tick, tracker = Tick(clock), PythonResultTracker()
    if cls is BudgetedSymmetricLCWATrainingLoop:
        factory = Nations().training
    loop = make_loop(cls, factory, 0, clock, result_tracker=tracker)
    assert loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False, checkpoint=tmp_path / "c") == []
    assert (tick.steps, tick.trained, loop.num_steps, loop.stop_reason) == (0, [[]], 0, "budget")
    assert "no step is done" in caplog.text
    assert loop.triples_per_second == 0
    assert (tmp_path / "c").is_file()


def test_early_stopping_within_the_budget(factory, clock, tmp_path):
    loop = make_loop(QuerySamplingTrainingLoop, factory, 1_000, clock)
    stopper = early_stopper(loop, factory, tmp_path / "best.pt", patience=1)
    losses = loop.train(factory, batch_size=512, callbacks=Tick(clock), use_tqdm=False, stopper=stopper)
    assert loop.stop_reason == "early stopping"
    assert len(losses) == 2


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("use_tqdm", [False, True])
def test_triples_per_second_are_those_of_the_batches(cls, drop_last, use_tqdm, factory, clock):
    """A second per step; a last batch that is dropped does not count."""
    loop = make_loop(cls, factory, None, clock)
    loop.stopwatch.clock = clock
    seen, get_batch_size = [], loop._get_batch_size

    class Count(Tick):
        def on_batch(self, batch, **kwargs):
            seen.append(get_batch_size(batch))

    train = dict(num_epochs=2, batch_size=600, drop_last=drop_last, sub_batch_size=600)
    loop.train(factory, callbacks=Count(clock), use_tqdm=use_tqdm, **train)
    instances = sum(seen) / 2
    if cls is BudgetedLCWATrainingLoop:
        # pairs of an entity and a relation, each with all of its triples
        pairs = len({(h, r) for h, r, _ in factory._add_inverse_triples_if_necessary(factory.mapped_triples).tolist()})
        instances *= 3184 / pairs
    assert loop.triples_per_second == pytest.approx(instances / (loop.num_steps / 2), rel=1e-3)
    assert (sum(seen) % 600 == 0) == drop_last


def test_losses_are_tracked(factory, clock):
    tracker = PythonResultTracker()
    loop = make_loop(QuerySamplingTrainingLoop, factory, 15, clock, result_tracker=tracker)
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
    loop = make_loop(QuerySamplingTrainingLoop, factory, 21, clock)
    assert len(loop.train(factory, batch_size=512, callbacks=tick, use_tqdm=False)) == 3
    assert clock.now == 100 + 21 + 30


def test_work_in_another_phase_is_not_charged(factory, clock):
    class Evaluating(Tick):
        def post_batch(self, **kwargs):
            super().post_batch(**kwargs)
            with self.training_loop.phase("evaluation"):
                self.clock.now += 5.0

    loop = make_loop(QuerySamplingTrainingLoop, factory, 7, clock)
    loop.train(factory, batch_size=512, callbacks=Evaluating(clock), use_tqdm=False)
    assert loop.num_steps == 7
    assert loop.seconds == {"set-up": 0.0, "training": 7.0, "evaluation": 35.0, "callbacks": 10.0}


@pytest.mark.parametrize("cls", LOOPS)
def test_a_second_training_begins_anew(cls):
    """With the epochs that are asked for, and losses of its own; the list that the first one has given stays."""
    factory = nations()
    loop = make_loop(cls, factory, None, None)
    first = loop.train(factory, num_epochs=3, batch_size=512, use_tqdm=False)
    kept = list(first)
    steps = loop.num_steps
    second = loop.train(factory, num_epochs=2, batch_size=512, use_tqdm=False)
    assert (len(second), loop.epochs_done, loop.num_steps) == (2, 2, steps * 2 // 3)
    assert first == kept
    third = loop.train(factory, num_epochs=3, batch_size=512, use_tqdm=False, continue_training=True)
    assert (len(third), loop.epochs_done, loop.num_steps) == (3, 3, steps)
