"""Validation Hits@10 against the time of training (the paper's Fig. 2)."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...figures import new_figure, save, tidy
from ..plan import Comparison
from .run_groups import GroupedRuns, Run, RunGroup, picture_names
from .style import Look, looks

__all__ = ["Series", "draw_curves", "make_series"]

logger = logging.getLogger(__name__)


class Series(NamedTuple):
    """A line with a band; shape of each array: ``(points,)``."""

    seconds: NDArray[np.float64]
    median: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    #: How many curves it summarises
    seeds: int


def make_series(curves: Iterable[NDArray[np.float64]]) -> Series | None:
    """Summarise the curves of several seeds over the time that all of them span.

    Seeds are not evaluated at the same seconds, so that between its points each curve is a straight line.

    :param curves: shape: ``(points, 2)`` each, seconds and values, by rising seconds; empty ones do not count
    :return: median, least and greatest value at each second at which a curve has a point; None if there is none
    """
    curves = [curve for curve in curves if len(curve)]
    if not curves:
        return None
    start, end = max(curve[0, 0] for curve in curves), min(curve[-1, 0] for curve in curves)
    seconds = np.unique(np.concatenate([curve[:, 0] for curve in curves]))
    seconds = seconds[(start <= seconds) & (seconds <= end)]
    if not len(seconds):
        return None
    values = np.stack([np.interp(seconds, curve[:, 0], curve[:, 1]) for curve in curves])
    return Series(seconds, np.median(values, axis=0), values.min(axis=0), values.max(axis=0), len(curves))


def strategy_series(strategies: Mapping[str, Mapping[int, Run]], names: Iterable[str]) -> dict[str, Series]:
    """Make the series of a picture.

    :param strategies: runs, by strategy and seed
    :param names: the strategies of the picture
    :return: the series by strategy, in the order of ``names``; none for a strategy without curves
    """
    found = {name: make_series(run.curve for run in strategies[name].values()) for name in names if name in strategies}
    return {name: series for name, series in found.items() if series is not None}


def draw_curves(groups: GroupedRuns, folder: Path, comparison: Comparison) -> list[Path]:
    """Draw a picture of each group that has two strategies to compare.

    :param groups: the runs
    :param folder: where to write
    :param comparison: what is compared
    :return: the files
    """
    shown = looks(comparison)
    found: dict[RunGroup, dict[str, Series]] = {}
    for group, strategies in groups.items():
        series = strategy_series(strategies, shown)
        if len(series) > 1:
            found[group] = series
        else:
            logger.info("No curves of %s for %s, %s: fewer than two lines", comparison, group, group.budget)
    names = picture_names(found, f"hits_at_10_{{}}_{comparison}.png")
    return [_draw(group, series, shown, comparison, folder / names[group]) for group, series in found.items()]


def _draw(
    group: RunGroup, lines: Mapping[str, Series], shown: Mapping[str, Look], comparison: Comparison, path: Path
) -> Path:
    figure = new_figure(4.5)
    axes = figure.subplots()
    for name, series in lines.items():
        look = shown[name]
        label = look.label if series.seeds == 1 else f"{look.label} ({series.seeds} seeds)"
        style = f"{look.marker}-"
        (line,) = axes.plot(series.seconds, series.median, style, color=look.color, markersize=5, label=label)
        if series.seeds > 1:
            line.set_markevery(series.seeds)  # as many as a seed has points
            axes.fill_between(series.seconds, series.low, series.high, color=look.color, alpha=0.2, linewidth=0)
    several = any(series.seeds > 1 for series in lines.values())
    axes.set_title(f"{group}\nmedian and range of seeds" if several else str(group))
    axes.set(xlabel="training (seconds)", ylabel="Hits@10 on validation")
    axes.set_xlim(left=0)
    tidy(axes)
    title = {"strategies": "strategy", "activations": "activation of HaLE"}[comparison]
    figure.legend(loc="outside right upper", frameon=False, title=title, alignment="left")
    return save(figure, path)
