"""The validation curve of a training, also of one that is interrupted, or killed, and goes on."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pykeen.trackers import PythonResultTracker

from .folder import read_json, write_json

__all__ = ["CURVE", "CurveTracker", "read_curve"]

#: What a point of the curve holds, and PyKEEN's names of it
CURVE: Final = {
    "seconds": "validation.seconds",
    "MRR": "validation.both.realistic.inverse_harmonic_mean_rank",
    "Hits@10": "validation.both.realistic.hits_at_10",
}


class CurveTracker(PythonResultTracker):
    """Tracks a training, and writes each point of its validation curve at once, as a kill leaves no time for it.

    :param path: a file; what is there of a training that goes on comes before. It is not written until there is a point
    :param interval: the seconds of training from one validation to the next. One of them has one point: what a killed
        training has done after its last checkpoint is done again
    """

    def __init__(self, path: Path, interval: float) -> None:
        super().__init__()
        self._path, self._interval = path, interval
        self._points = {self._number(point): point for point in read_curve(path)}

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None, prefix: str | None = None) -> None:
        """Log metrics, and write the curve if they complete a point."""
        super().log_metrics(metrics, step=step, prefix=prefix)
        found: Mapping[str, Any] = self.metrics[step]
        if found.keys() >= set(CURVE.values()):
            point = [float(found[name]) for name in CURVE.values()]
            if self._points.get(self._number(point)) != point:
                self._points[self._number(point)] = point
                write_json(self._path, sorted(self._points.values()))

    def _number(self, point: list[float]) -> int:
        """Find which validation a point is of: it follows the step in which its time comes."""
        return int(point[0] // self._interval)


def read_curve(path: Path) -> list[list[float]]:
    """Read a curve.

    :param path: the file
    :return: the points, by rising seconds; none if there is no file
    """
    points: list[list[float]] = read_json(path) if path.is_file() else []
    return points
