"""What can be due in a run: learning rate, limits, checkpoints, a request to stop; and a device that lags behind."""

import pytest
import torch
from budget_runs import Clock, make_run, train_run

from pykeen_conj_hale.training.budget.clock import Stopwatch, TimeBudget
from pykeen_conj_hale.training.budget.due import DeviceQueue, Limits, Saving, Schedule, StopRequest
from pykeen_conj_hale.training.budget.position import Progress
from pykeen_conj_hale.training.budget.random_state import get_random_state
from pykeen_conj_hale.training.budget.run import Run


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
        def record(self):
            self.number = 1 + sum(kind == "record" for kind, _ in log)
            log.append(("record", self.number))

        def synchronize(self):
            log.append(("wait", self.number))

    monkeypatch.setattr(torch.cuda, "Event", Event)
    queue = DeviceQueue()
    for _ in range(3):
        queue()
    assert log == [("record", 1), ("record", 2), ("wait", 1), ("record", 3), ("wait", 2)]
