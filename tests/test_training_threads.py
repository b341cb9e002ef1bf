"""PyTorch's number of threads: what is given, what is small, what is measured, and that measuring leaves no trace."""

import logging
import os
import time
from contextlib import contextmanager

import pytest
import torch
from golden_runs import CASES, describe, prepare

from pykeen_conj_hale.training import threads as module
from pykeen_conj_hale.training.threads import SMALL, ThreadChoice, fastest


@pytest.fixture(autouse=True)
def four_threads(monkeypatch):
    """Have four threads to choose from, whatever the machine has, and none given."""
    before = torch.get_num_threads()
    for name in module.VARIABLES:
        monkeypatch.delenv(name, raising=False)
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def trying(seconds):
    """Offer a pass that takes seconds by the number of threads."""

    @contextmanager
    def context():
        yield lambda: time.sleep(seconds[torch.get_num_threads()])

    return context


def never():
    pytest.fail("measured, where nothing was to be measured")


FLAT = {1: 0.001, 2: 0.001, 4: 0.001}


@pytest.mark.parametrize(
    ("seconds", "best"),
    [
        ({1: 4.0, 2: 2.0, 4: 1.0}, 4),
        ({1: 1.0, 2: 2.0, 4: 3.0}, 1),
        ({1: 2.0, 2: 1.0, 4: 0.95}, 2),
        ({1: 1.0, 2: 0.95, 4: 0.85}, 4),
        ({1: 1.0}, 1),
    ],
)
def test_more_threads_must_be_clearly_faster(seconds, best):
    assert fastest(seconds) == best


def test_a_large_model_is_measured_once_and_pytorchs_number_comes_back(caplog):
    choice = ThreadChoice()
    with caplog.at_level(logging.INFO), choice.in_use():
        assert choice.before_epoch(SMALL + 1, 0.0, 0, trying({1: 0.02, 2: 0.002, 4: 0.02}))
        assert (choice.num, torch.get_num_threads()) == (2, 2)
        assert not choice.before_epoch(SMALL + 1, 1.0, 10, never)
    assert torch.get_num_threads() == 4
    assert caplog.text.count("2 of 4 threads") == 1


def test_a_small_model_has_one():
    choice = ThreadChoice()
    with choice.in_use():
        choice.before_epoch(SMALL, 0.0, 0, never)
        assert torch.get_num_threads() == 1


def test_a_given_number_is_taken():
    choice = ThreadChoice(3)
    with choice.in_use():
        assert choice.before_epoch(SMALL, 0.0, 0, never)
        choice.go_on_with(2)
        assert torch.get_num_threads() == 3
    with pytest.raises(ValueError, match="threads=0 is not allowed"):
        ThreadChoice(0)
    # OpenMP would end the process
    with pytest.raises(ValueError, match="threads=1000000000 is not allowed"):
        ThreadChoice(10**9)


@pytest.mark.parametrize("name", module.VARIABLES)
def test_the_environment_says_a_number(name, monkeypatch):
    monkeypatch.setitem(os.environ, name, "4")
    choice = ThreadChoice()
    with choice.in_use():
        assert not choice.before_epoch(SMALL + 1, 0.0, 0, never)
        assert (choice.num, torch.get_num_threads()) == (None, 4)


def test_slow_steps_are_measured_again():
    choice = ThreadChoice()
    with choice.in_use():
        choice.before_epoch(SMALL + 1, 0.0, 0, trying(FLAT))
        assert not choice.before_epoch(SMALL + 1, 1.0, 100, never)  # 10 ms per step
        assert not choice.before_epoch(SMALL + 1, 2.9, 200, never)  # 19 ms
        assert not choice.before_epoch(SMALL + 1, 4.0, 210, never)  # too few steps to tell
        assert choice.before_epoch(SMALL + 1, 6.0, 310, trying(FLAT))  # 28 ms
        assert not choice.before_epoch(SMALL + 1, 9.0, 410, never)  # now 30 ms are the best there are


def test_a_checkpoints_number_goes_on():
    choice = ThreadChoice()
    with choice.in_use():
        choice.go_on_with(2)
        assert not choice.before_epoch(SMALL + 1, 1.0, 10, never)
        assert torch.get_num_threads() == 2


@pytest.mark.parametrize("name", ["RotL-candidates", "HypER-BCE", "LCWA", "SLCWA"])
def test_measuring_leaves_no_trace(name, monkeypatch):
    """The bits of a training whose number was measured are those of one whose number was given."""
    assert name in CASES

    def train(**kwargs):
        loop, arguments = prepare(name, epochs=2, **kwargs)
        return describe(loop.train(**arguments), loop.model), loop

    plain, _ = train(threads=1)
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(module, "fastest", lambda seconds: 1)
    measured, loop = train()
    assert loop.threads.num == 1
    assert plain == measured
    assert loop.seconds["set-up"] > 0


def test_a_resumed_training_has_the_same_number(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(module, "fastest", lambda seconds: 2)
    loop, arguments = prepare("RotL", epochs=1)
    loop.train(**arguments, checkpoint=tmp_path / "checkpoint.pt")
    assert loop.threads.num == 2
    monkeypatch.setattr(module, "_measure", lambda *args: never())
    loop, arguments = prepare("RotL", epochs=2)
    loop.train(**arguments, checkpoint=tmp_path / "checkpoint.pt")
    assert loop.threads.num == 2
