"""The benchmarks run: what they measure does the work that they say."""

import argparse
import importlib
from pathlib import Path

import pytest
import torch

ARGUMENTS = argparse.Namespace(dim=8, batch_size=16, alpha=0.5, steps=2)


@pytest.fixture
def bench_step(monkeypatch):
    """Import the benchmark of a step, at the size of a toy graph."""
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
    module = importlib.import_module("bench_step")
    monkeypatch.setattr(module, "N", 50)
    monkeypatch.setattr(module, "R", 6)
    return module


def test_a_step_of_the_loop_trains(bench_step, monkeypatch):
    made = []
    make_loop = bench_step.make_loop
    monkeypatch.setattr(bench_step, "make_loop", lambda *args: made.append(make_loop(*args)) or made[0])
    step = bench_step.loop_step(ARGUMENTS)
    before = {name: value.clone() for name, value in made[0].model.state_dict().items()}
    step(bench_step.triples(ARGUMENTS.batch_size))
    after = made[0].model.state_dict()
    assert all(
        not torch.equal(before[name], after[name]) for name, value in before.items() if value.is_floating_point()
    )


def test_all_ways_are_measured(bench_step):
    for name in ("the loop", "written plainly"):
        assert len(bench_step.measure(name, ARGUMENTS).seconds) == ARGUMENTS.steps


def test_the_parts_of_a_step(bench_step, capsys, monkeypatch):
    monkeypatch.delenv("BENCHMARKS_JSON", raising=False)
    bench_step.profile(ARGUMENTS)
    shown = capsys.readouterr().out
    assert all(part in shown for part in ("uniformity, forward", "uniformity, backward", "Adam, fused", "sum"))


def test_steps_on_a_device_are_measured(monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parent / "benchmarks"))
    module = importlib.import_module("bench_device")
    monkeypatch.setattr(module, "FIRST", 2)
    monkeypatch.setattr(module, "LAST", 4)
    monkeypatch.setattr(module, "PROFILED", 1)
    steps = module.run("RotL, HaLE, all entities", "nations", 4, torch.device("cpu"))
    assert steps.step == 5
    assert steps.seconds > 0
    assert steps.launches == 0
