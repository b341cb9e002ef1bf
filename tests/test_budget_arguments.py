"""The arguments about checkpoints: what goes together, and what PyKEEN is told."""

import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from budget_runs import LOOPS, Clock, make_loop, nations
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pykeen.constants import PYKEEN_CHECKPOINTS

from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.arguments import CheckpointPlan

FACTORY = nations()


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


@pytest.mark.parametrize("cls", LOOPS)
@settings(max_examples=20)
@example(name="num_epochs", value="")
@given(
    name=st.sampled_from(["batch_size", "sub_batch_size", "slice_size", "num_epochs", "num_workers"]),
    value=st.integers(max_value=-1) | st.floats() | st.text(max_size=3) | st.booleans(),
)
def test_numbers_that_are_none(cls, name, value):
    loop = make_loop(cls, FACTORY, None, Clock())
    with pytest.raises(ValueError, match=rf"{name}={re.escape(repr(value))} is not allowed: it must be a whole"):
        loop.train(FACTORY, **{name: value})
    assert loop.num_steps == 0


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("batch_size", 0),
        ("sub_batch_size", 0),
        ("label_smoothing", 1),
        ("label_smoothing", "0.1"),
        ("label_smoothing", -0.1),
        ("gradient_clipping_max_norm", 0),
        ("gradient_clipping_max_abs_value", -1),
        ("checkpoint_frequency", "1"),
    ],
)
def test_numbers_out_of_range(cls, name, value):
    loop = make_loop(cls, FACTORY, None, Clock())
    with pytest.raises(ValueError, match=f"{name}={value!r} is not allowed"):
        loop.train(FACTORY, **{name: value})


def test_numbers_of_numpy():
    loop = make_loop(QuerySamplingTrainingLoop, FACTORY, None, Clock())
    loop.train(FACTORY, num_epochs=np.int64(1), batch_size=np.int32(512), use_tqdm=False)
    assert loop.num_steps == 7


@pytest.mark.parametrize("cls", LOOPS)
@pytest.mark.parametrize("changes", [{}, {"only_size_probing": True}, {"checkpoint": "run.pt"}])
def test_groups_of_an_optimizer_that_would_be_lost(cls, changes, tmp_path, monkeypatch):
    """PyKEEN makes the optimizer anew, with one group."""
    monkeypatch.chdir(tmp_path)
    loop = make_loop(cls, FACTORY, None, Clock())
    optimizer = loop.optimizer = in_groups(loop.model)
    with pytest.raises(ValueError, match=r"optimizer=Adam has 2 groups .* one group\. .* requires_grad=False"):
        loop.train(FACTORY, num_epochs=1, batch_size=512, use_tqdm=False, **changes)
    assert loop.num_steps == 0
    assert loop.optimizer is optimizer
    assert [group["lr"] for group in optimizer.param_groups] == [0.0, 0.001]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("cls", LOOPS)
def test_groups_of_an_optimizer_that_goes_on(cls, tmp_path):
    """Where a training goes on, PyKEEN leaves the optimizer as it is: with a checkpoint, too."""
    first, second = (make_loop(cls, FACTORY, None, Clock(), optimizer_kwargs={"lr": 0.01}) for _ in range(2))
    arguments = dict(batch_size=512, use_tqdm=False)
    first.train(FACTORY, num_epochs=1, **arguments)
    state = first.optimizer.state_dict()["state"]
    first.optimizer, second.optimizer = in_groups(first.model), in_groups(second.model)
    first.optimizer.load_state_dict({**first.optimizer.state_dict(), "state": state})
    checkpoint = tmp_path / "run.pt"
    first.train(FACTORY, num_epochs=2, continue_training=True, checkpoint=checkpoint, **arguments)
    second.train(FACTORY, num_epochs=3, checkpoint=checkpoint, **arguments)
    for loop in (first, second):
        assert [group["lr"] for group in loop.optimizer.param_groups] == [0.0, 0.001]
    assert second.num_steps > first.num_steps


def in_groups(model):
    """Make an optimizer which leaves the first parameters, those of entities, as they are."""
    first, *others = model.parameters()
    return torch.optim.Adam([dict(params=[first], lr=0.0), dict(params=others)])
