"""A progress bar over the seconds of the budget."""

import io

import pytest
import torch
from budget_runs import Clock, Tick, make_loop, nations

from pykeen_conj_hale.training import (
    QuerySamplingTrainingLoop,
    TimeBudget,
)
from pykeen_conj_hale.training.budget.progress_bar import ProgressBar, make_bar


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


def test_progress_is_in_seconds(factory, clock, tmp_path):
    with (tmp_path / "bar").open("w+") as file:
        make_loop(QuerySamplingTrainingLoop, factory, 3, clock).train(
            factory,
            batch_size=512,
            callbacks=Tick(clock),
            tqdm_kwargs={"file": file, "disable": False, "mininterval": 0, "miniters": 0},
        )
        file.seek(0)
        shown = file.read()
    assert "/3.0 s of training" in shown
    assert "100%" in shown


class Screen(io.StringIO):
    """A file that may be a terminal."""

    def __init__(self, is_terminal):
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self):
        return self.is_terminal


@pytest.mark.parametrize(("is_terminal", "fewest", "most"), [(True, 20, 110), (False, 1, 4)])
def test_a_file_gets_few_lines(is_terminal, fewest, most):
    screen = Screen(is_terminal)
    with make_bar(TimeBudget(100), torch.device("cpu"), True, {"file": screen, "disable": False}) as bar:
        if is_terminal:
            bar.mininterval = 0
        for _ in range(100):
            bar.update(1)
    assert fewest <= screen.getvalue().count("\r") <= most


@pytest.mark.parametrize(("is_terminal", "expected"), [(True, "Training epochs"), (False, "2.0/2 epochs")])
def test_epochs_leave_few_lines_in_a_file(factory, monkeypatch, is_terminal, expected):
    screen = Screen(is_terminal)
    monkeypatch.setattr("sys.stderr", screen)
    make_loop(QuerySamplingTrainingLoop, factory, None, None).train(
        factory, num_epochs=2, batch_size=64, tqdm_kwargs={"disable": False}
    )
    assert expected in screen.getvalue()
    assert is_terminal or screen.getvalue().count("\r") < 5


def test_no_bar_where_none_is_asked_for(factory, monkeypatch):
    screen = Screen(is_terminal=False)
    monkeypatch.setattr("sys.stderr", screen)
    make_loop(QuerySamplingTrainingLoop, factory, None, None).train(
        factory, num_epochs=2, batch_size=64, use_tqdm=False
    )
    assert not screen.getvalue()


def test_time_left_and_validation_are_shown(factory, clock):
    class Stopper:
        results, best_metric = [0.25, 0.5], 0.5

    class Spent:
        def share_done(self, elapsed):
            return elapsed / 90

    screen = Screen(True)
    with make_bar(TimeBudget(90), torch.device("cpu"), True, {"file": screen, "disable": False}) as bar:
        bar.mininterval = 0
        ProgressBar(bar, Stopper()).after_step(Spent(), 30.0)
        bar.refresh()
    assert "30.0/90.0 s of training, 01:00 left, validation=0.5, best=0.5" in screen.getvalue()
