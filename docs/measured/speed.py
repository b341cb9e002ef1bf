"""Tables of speed: what ``make bench`` recorded."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Final

from .lines import only
from .markdown import table

__all__ = ["BENCHMARKS", "TABLES", "benchmark"]

#: The recorded names of the benchmarks, by the names of their tables
BENCHMARKS: Final = {
    "uniformity": "uniformity term, 102 × 40,943 × 32",
    "uniformity-large": "uniformity term, 64 × 4,600,000 × 64",
    "step": "a step of RotE, d = 32, batch 1,024, α = 0.1",
    "parts": "part of a step",
    "evaluation": "filtered ranks of 3,134 triples, d = 32",
    "scale": "4,600,000 entities, d = 64, 3 steps, 20 ranked",
    "epoch": "an epoch of WN18RR, 32 real dimensions",
}


def benchmark(name: str) -> str:
    """Write a benchmark's rows as they were recorded.

    :param name: a key of :data:`BENCHMARKS`
    :return: the table
    """
    rows = only("benchmarks", benchmark=BENCHMARKS[name])["rows"]
    headers = list(rows[0])
    return table(["", *headers[1:]], [[row.get(key, "") for key in headers] for row in rows])


TABLES: Final[dict[str, Callable[[], str]]] = {name: functools.partial(benchmark, name) for name in BENCHMARKS}
