"""What can be due in a run: learning rate, limits, checkpoints, a request to stop; and a device that lags behind."""

import random
from functools import partial

import numpy as np
import pytest
import torch
from budget_runs import LOOPS, Clock, Shuffled, Tick, make_loop, make_run, nations, train_run
from pykeen.models import DistMult

from pykeen_conj_hale.devices import recorded_event
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.clock import Stopwatch, TimeBudget
from pykeen_conj_hale.training.budget.due import DeviceQueue, Limits, Saving, Schedule, StopRequest, WallClock
from pykeen_conj_hale.training.budget.position import Progress
from pykeen_conj_hale.training.budget.random_state import get_random_state
from pykeen_conj_hale.training.budget.run import Run

FACTORY = nations()


@pytest.fixture
def clock():
    return Clock()


def test_a_request_to_stop(clock):
    run = make_run(100, clock)
    run.due = (*run.due, StopRequest(lambda: run.num_steps >= 3))
    _, seen = train_run(run, clock)
    assert (len(seen), run.stop_reason) == (3, "early stopping")


@pytest.mark.parametrize(("budget", "shares"), [(4, [0.0, 0.25, 0.5, 0.75, 1.0]), (None, [0.0, 0.1, 0.2, 0.3, 0.4])])
def test_share_of_the_training(clock, budget, shares):
    """Of the budget's seconds, or of the steps of all epochs; the schedule gets it before the first step, too."""
    advanced = []
    budget_ = None if budget is None else TimeBudget(budget, clock=clock)
    run = Run(budget_, Stopwatch(clock), due=[Schedule(advanced.append), Limits()], num_epochs=2)
    train_run(run, clock, epochs=2)
    assert advanced[:5] == pytest.approx(shares)


@pytest.mark.parametrize("num_batches", [2, 5, 10])
@pytest.mark.parametrize("first", [1, 2])
def test_share_of_the_training_after_another_batch_size(clock, num_batches, first):
    """Epochs count, with however many batches they were done; here from a half of them on, or a quarter."""
    run = make_run(None, clock, num_epochs=4, num_triples=50)
    losses, _ = train_run(run, clock, epochs=first)
    assert run.triples_per_second == 10.0
    advanced = []
    another = make_run(None, clock, due=[Schedule(advanced.append)], num_epochs=4, num_triples=50)
    another.go_on_from(run.progress)
    _, seen = train_run(another, clock, losses=losses, epochs=4, batches=Shuffled(num_batches))
    steps = num_batches * (4 - first)
    assert len(seen) == steps
    assert advanced == [(k + first * num_batches) / (4 * num_batches) for k in range(steps + 1)]
    assert another.num_steps == 5 * first + steps
    assert another.triples_per_second == pytest.approx(50 / num_batches)


@pytest.mark.parametrize("seconds", [2.0, 2.5, None])
def test_checkpoints(clock, seconds, tmp_path):
    """At once, then every so many seconds of training, and at the end if there is none."""
    saved = []
    run = make_run(7, clock)
    run.due = (*run.due, Saving(tmp_path / "c", seconds, lambda: saved.append(run.elapsed)))
    train_run(run, clock)
    assert saved == {2.0: [0, 2, 4, 6, 7], 2.5: [0, 3, 6, 7], None: [7]}[seconds]


def test_no_checkpoint_at_once_where_it_goes_on_from_one(clock, tmp_path):
    saved, path = [], tmp_path / "c"
    path.touch()
    run = make_run(7, clock)
    run.due = (*run.due, Saving(path, 2.0, lambda: saved.append(run.elapsed)))
    run.go_on_from(Progress({"training": 1.0}, num_steps=1, random_state=get_random_state()))
    train_run(run, clock)
    assert saved == [3, 5]


def test_a_device_is_one_step_behind(monkeypatch):
    """Each call notes the end of its step, and waits for that of the step before."""
    log = []

    class Event:
        def record(self, stream):
            assert stream == "the stream of cuda:1"
            self.number = 1 + sum(kind == "record" for kind, _ in log)
            log.append(("record", self.number))

        def synchronize(self):
            log.append(("wait", self.number))

    monkeypatch.setattr(torch.cuda, "Event", Event)
    monkeypatch.setattr(torch.cuda, "current_stream", lambda device: f"the stream of {device}")
    queue = DeviceQueue(partial(recorded_event, torch.device("cuda:1")))
    for _ in range(3):
        queue()
    assert log == [("record", 1), ("record", 2), ("wait", 1), ("record", 3), ("wait", 2)]


def test_the_wall_clock_counts_all_time(clock):
    """Set-up before the first step, too; a run that it has cut off is not finished."""
    run = make_run(None, clock, due=[WallClock(12.0, clock)])
    clock.now += 9.0
    _, seen = train_run(run, clock, seconds=2.0)
    assert (len(seen), run.stop_reason, run.is_finished) == (2, "wall clock", False)


def test_the_wall_clock_counts_what_comes_before_the_run(clock, monkeypatch):
    """A warm start is planned, and a file waited for, before there is a run."""
    loop = make_loop(QuerySamplingTrainingLoop, FACTORY, 1_000, clock, wall_clock=12.0)

    def plan_slowly(*args):
        clock.now += 9.0
        return []

    monkeypatch.setattr(loop, "_plan_first", plan_slowly)
    loop.train(FACTORY, batch_size=512, callbacks=Tick(clock), use_tqdm=False)
    assert (loop.num_steps, loop.stop_reason) == (3, "wall clock")


@pytest.mark.parametrize("loop", LOOPS)
def test_a_run_that_the_wall_clock_has_cut_goes_on(loop, tmp_path):
    """It has a checkpoint at its end, and the runs after it come to what one run comes to."""

    def train(checkpoint, wall_clock):
        random.seed(0), np.random.seed(0), torch.manual_seed(0)
        model = DistMult(triples_factory=FACTORY, embedding_dim=4, random_seed=0)
        training = loop(model=model, triples_factory=FACTORY, optimizer_kwargs=dict(lr=0.1), wall_clock=wall_clock)
        training.train(FACTORY, num_epochs=2, batch_size=512, checkpoint=checkpoint, use_tqdm=False)
        return training

    whole = train(tmp_path / "whole.pt", "01:00:00")
    assert (whole.stop_reason, whole.is_finished) == ("epochs", True)
    first = train(tmp_path / "cut.pt", 1e-9)
    assert (first.num_steps, first.stop_reason, first.is_finished) == (1, "wall clock", False)
    second = train(tmp_path / "cut.pt", None)
    assert (second.num_steps, second.is_finished) == (whole.num_steps, True)
    state = second.model.state_dict()
    assert all(torch.equal(value, state[name]) for name, value in whole.model.state_dict().items())
