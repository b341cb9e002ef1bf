"""Devices, threads and the compiler."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import torch

from ..streaming.compiled import compile_passes
from ..wording import count
from .finding import Finding, State, first_line

__all__ = ["check_compiler", "check_devices", "check_threads"]

#: Of these the number of threads of a training is taken
VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")


def check_devices() -> Iterator[Finding]:
    """List the devices, and compute on each.

    :yields: a finding per device
    """
    yield Finding("device cpu", State.OK, f"{count(_count_cores(), 'core')} of {os.cpu_count()} for this process")
    if not torch.cuda.is_available():
        text = "PyTorch finds no GPU; models are trained on the CPU"
        built = torch.version.cuda or getattr(torch.version, "hip", None)
        way_out = None if built else "If there is one: install a PyTorch that is built for it."
        yield Finding("device cuda", State.NOTE, text, way_out, {"built_for": built})
        return
    for index in range(torch.cuda.device_count()):
        yield _look_at(index)


def _look_at(index: int) -> Finding:
    properties: Any = torch.cuda.get_device_properties(index)
    topic = f"device cuda:{index}"
    text = f"{properties.name}, {properties.total_memory / 2**30:.0f} GiB"
    try:
        x = torch.ones(64, 64, device=f"cuda:{index}")
        is_right = bool((x @ x == 64).all())
    except RuntimeError as error:
        return Finding(
            topic, State.BROKEN, f"{text}: {first_line(error)}", "Train with --device cpu, or mend the driver."
        )
    if not is_right:
        return Finding(topic, State.BROKEN, f"{text}: a matrix product is wrong", "Train with --device cpu.")
    return Finding(topic, State.OK, text)


def check_threads() -> Iterator[Finding]:
    """Compare PyTorch's threads with the cores.

    :yields: one finding
    """
    threads, cores = torch.get_num_threads(), _count_cores()
    given = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    text = f"{count(threads, 'thread')} of PyTorch, {count(cores, 'core')}"
    text += "".join(f", {name}={value}" for name, value in given.items())
    details = {"threads": threads, "cores": cores, **given}
    if threads > cores:
        way_out = f"Training is slow with more threads than cores: set OMP_NUM_THREADS={cores}"
        yield Finding("threads", State.NOTE, text, way_out, details)
    else:
        yield Finding("threads", State.OK, text, details=details)


def check_compiler() -> Iterator[Finding]:
    """Compile what `compile=True` compiles.

    :yields: one finding
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        compile_passes(device)
    except Exception as error:  # backends raise what they like where a compiler is missing
        text = f"torch.compile does not work on {device} ({first_line(error)}); training runs uncompiled"
        yield Finding("compiler", State.NOTE, text, "For compile=True: install a C++ compiler, as g++.")
    else:
        yield Finding("compiler", State.OK, f"torch.compile works on {device}")


def _count_cores() -> int:
    """Count the cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
