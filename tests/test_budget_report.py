"""What a run tells the result tracker."""

import math

import pytest
from budget_runs import LOOPS, Clock, Tick, make_loop, nations
from pykeen.datasets import Nations
from pykeen.trackers.base import PythonResultTracker

from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
)


@pytest.fixture
def factory():
    return nations()


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize("cls", LOOPS)
def test_what_is_reported(cls, factory, clock):
    """Seconds by phase add up to all of the time; triples per second are those of the steps."""
    if cls is BudgetedSymmetricLCWATrainingLoop:
        factory = Nations().training
    tick, tracker = Tick(clock), PythonResultTracker()
    loop = make_loop(cls, factory, 21, clock, result_tracker=tracker)
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
