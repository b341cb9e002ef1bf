"""The arguments about checkpoints: what goes together, and what PyKEEN is told."""

import math
from pathlib import Path

import pytest
from budget_runs import Clock, make_loop, nations
from pykeen.constants import PYKEEN_CHECKPOINTS

from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.arguments import CheckpointPlan


@pytest.mark.parametrize(
    ("arguments", "checkpoint", "seconds", "path", "interval"),
    [
        ({}, None, None, None, None),
        ({}, "/a/b.pt", None, "/a/b.pt", 60.0),
        ({}, Path("/a/b.pt"), "00:02:00", "/a/b.pt", 120.0),
        ({}, "b.pt", 5, Path.cwd() / "b.pt", 5.0),
        ({"checkpoint_frequency": 3}, "/a/b.pt", None, "/a/b.pt", None),
        ({"checkpoint_name": "b.pt"}, None, None, PYKEEN_CHECKPOINTS / "b.pt", None),
        ({"checkpoint_name": "b.pt", "checkpoint_directory": "/a"}, None, 5, "/a/b.pt", 5.0),
    ],
)
def test_file_and_interval(arguments, checkpoint, seconds, path, interval):
    plan = CheckpointPlan.from_arguments(arguments, checkpoint, seconds)
    assert plan == CheckpointPlan(None if path is None else Path(path), interval)


def test_what_pykeen_is_told():
    """Under an interval in seconds PyKEEN itself writes at the end only."""
    place = {"checkpoint_directory": Path("/a"), "checkpoint_name": "b.pt"}
    assert CheckpointPlan().pykeen_arguments() == {}
    assert CheckpointPlan(Path("/a/b.pt")).pykeen_arguments() == place
    assert CheckpointPlan(Path("/a/b.pt"), 5.0).pykeen_arguments() == {**place, "checkpoint_frequency": math.inf}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"checkpoint_seconds": 1}, "checkpoint_seconds=1 needs a file"),
        ({"checkpoint": "a", "checkpoint_name": "b"}, "checkpoint='a' and checkpoint_name='b' name two files"),
        ({"checkpoint": "a", "checkpoint_seconds": 1, "checkpoint_frequency": 1}, "are two intervals"),
        ({"checkpoint": "a", "checkpoint_seconds": 0}, "checkpoint_seconds=0 is not allowed"),
        ({"checkpoint": "a", "checkpoint_seconds": float("nan")}, "checkpoint_seconds=nan is not allowed"),
    ],
)
def test_bad_arguments(arguments, message):
    factory = nations()
    loop = make_loop(QuerySamplingTrainingLoop, factory, 3, Clock())
    with pytest.raises(ValueError, match=message):
        loop.train(factory, **arguments)
