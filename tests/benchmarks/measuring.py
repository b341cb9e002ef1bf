"""What the benchmarks share: ways measured in turns, each in a process of its own, and a report as table and JSON."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shlex
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tabulate import tabulate

from pykeen_conj_hale.training import TimeBudgetMixin
from pykeen_conj_hale.training.budget.run import Run

#: WN18RR in the literature's protocol
WN18RR = dict(num_entities=40_943, num_relations=11, num_triples=86_835)


class Measurement(NamedTuple):
    """The runs of one way."""

    #: seconds of each run
    seconds: list[float]
    #: what the peak adds to the memory in use before, MiB
    extra: float
    #: the peak of the process, MiB
    peak: float


def memory(key: str) -> float:
    """Read the process's memory.

    :param key: ``VmRSS`` for what is in use, ``VmHWM`` for the peak; without /proc, the peak is all there is
    :return: MiB
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    line = next(line for line in status.read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) / 2**10


def measure(run: Callable[[], float | None], repeats: int, warm_up: int = 1) -> Measurement:
    """Run something several times in this process.

    :param run: what to run; the seconds it returns count, or else those that it took
    :param repeats: the number of runs
    :param warm_up: the number of runs before, which do not count
    :return: the measurement
    """
    before = memory("VmRSS")
    seconds = []
    for _ in range(warm_up + repeats):
        start = time.perf_counter()
        own = run()
        seconds.append(time.perf_counter() - start if own is None else own)
    return Measurement(seconds[warm_up:], memory("VmHWM") - before, memory("VmHWM"))


def main(
    parser: argparse.ArgumentParser,
    ways: Iterable[str],
    measure_way: Callable[[str, argparse.Namespace], Measurement],
    describe: Callable[[dict[str, Measurement], argparse.Namespace], None],
) -> None:
    """Measure the ways in turns, or, in the processes this starts, one of them.

    :param parser: the benchmark's own options
    :param ways: the names of the ways
    :param measure_way: measures a way in this process
    :param describe: reports the measurements
    """
    names = list(ways)
    parser.add_argument("--ways", nargs="+", choices=names, default=names)
    parser.add_argument("--rounds", type=int, default=1, help="processes a way, in turns (default: %(default)s)")
    parser.add_argument("--one", choices=names, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        warnings.simplefilter("ignore")
        sys.stdout.write(json.dumps(measure_way(arguments.one, arguments)) + "\n")
        return
    results: dict[str, list[Measurement]] = {name: [] for name in arguments.ways}
    for _ in range(arguments.rounds):
        for name, runs in results.items():
            command = [sys.executable, sys.argv[0], *sys.argv[1:], "--one", name]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            runs.append(Measurement(*json.loads(done.stdout.splitlines()[-1])))
    merged = {
        name: Measurement(
            [s for run in runs for s in run.seconds], *(statistics.median(x) for x in list(zip(*runs, strict=True))[1:])
        )
        for name, runs in results.items()
    }
    describe(merged, arguments)


def rows(results: Mapping[str, Measurement], base: str | None = None) -> list[list[str]]:
    """Write measurements as rows: name, median and fastest in ms, ratio of medians to the base's, extra memory.

    :param results: the measurements by name
    :param base: the way to compare with, the first by default
    :return: the rows, for :data:`HEADERS`
    """
    medians = {name: statistics.median(result.seconds) for name, result in results.items()}
    reference = medians[base or next(iter(medians))]
    return [
        [
            name,
            f"{1e3 * medians[name]:.1f}",
            f"{1e3 * min(result.seconds):.1f}",
            f"{medians[name] / reference:.2f}",
            f"{result.extra:.0f}",
        ]
        for name, result in results.items()
    ]


HEADERS = ["ms", "fastest", "ratio", "extra memory, MiB"]


def report(title: str, headers: Sequence[str], table: Sequence[Sequence[Any]], **facts: Any) -> None:
    """Print a table, and append it as a JSON line to the file which ``BENCHMARKS_JSON`` names.

    :param title: what was measured
    :param headers: the columns after the first
    :param table: the rows
    :param facts: what else is worth keeping
    """
    sys.stdout.write(tabulate(table, headers=[title, *headers], disable_numparse=True) + "\n")
    for name, value in facts.items():
        sys.stdout.write(f"{name.replace('_', ' ')}: {value}\n")
    sys.stdout.flush()
    if path := os.environ.get("BENCHMARKS_JSON"):
        named = [dict(zip(["name", *headers], row, strict=True)) for row in table]
        write_line(path, benchmark=title, rows=named, **facts)


def write_line(path: str | Path, **facts: Any) -> str:
    """Append facts to a file, with the command that found them, and where.

    :param path: the file, of a JSON object a line
    :param facts: what was found
    :return: the line, in a form to read
    """
    line = dict(
        facts,
        command=shlex.join(["python", f"tests/benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        machine=platform.machine(),
    )
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("a") as file:
        file.write(json.dumps(line) + "\n")
    return json.dumps(line, indent=2) + "\n"


def count_late_steps(loop: TimeBudgetMixin[Any]) -> list[bool]:
    """Note for each step whether the budget is spent when it ends: for one step it should be.

    :param loop: the loop; its runs are told from others by their budget
    :return: a list that grows
    """
    late: list[bool] = []
    after_step = Run.after_step

    def note(run: Run) -> bool:
        if run.budget is loop.time_budget:
            late.append(run.is_spent)
        return after_step(run)

    Run.after_step = note  # type: ignore[method-assign]
    return late
