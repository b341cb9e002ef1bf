"""The validation curve of a training, also of one that is interrupted and goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from pykeen.trackers import PythonResultTracker

from .folder import read_json, write_json

__all__ = ["CURVE", "keeping_curve", "read_curve"]

#: What a point of the curve holds, and PyKEEN's names of it
CURVE: Final = {
    "seconds": "validation.seconds",
    "MRR": "validation.both.realistic.inverse_harmonic_mean_rank",
    "Hits@10": "validation.both.realistic.hits_at_10",
}


@contextmanager
def keeping_curve(path: Path) -> Iterator[PythonResultTracker]:
    """Track a training inside, and keep its validation curve, however it ends.

    :param path: a file; what is there of a training that goes on comes before
    :yields: the tracker
    """
    before = read_curve(path)
    tracker = PythonResultTracker()
    try:
        yield tracker
    finally:
        points = [[float(m[name]) for name in CURVE.values()] for m in tracker.metrics.values() if _is_point(m)]
        write_json(path, sorted(before + points))


def read_curve(path: Path) -> list[list[float]]:
    """Read a curve.

    :param path: the file
    :return: the points, by rising seconds; none if there is no file
    """
    points: list[list[float]] = read_json(path) if path.is_file() else []
    return points


def _is_point(metrics: Mapping[str, float]) -> bool:
    return metrics.keys() >= set(CURVE.values())
