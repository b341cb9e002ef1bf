"""Validation MRR against the time of training, of what a table of a paper compares."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...figures import COLORS, new_figure, save, tidy
from ..paper import Paper
from ..papers import HALE, PAPERS
from ..sections import Line, Runs, group
from .curves import Series, make_series
from .style import MARKERS

__all__ = ["draw_papers", "table_series"]


def draw_papers(lines: Sequence[Mapping[str, Any]], folder: Path) -> list[Path]:
    """Draw a picture of each dataset of a table in which two curves can be compared; HaLE's paper has its own pictures.

    :param lines: lines of finished runs
    :param folder: where to write
    :return: the files
    """
    pictures = []
    for paper in PAPERS.values():
        runs = group([line for line in lines if line.get("paper", HALE.name) == paper.name != HALE.name])
        for name, dataset in ((name, dataset) for name, table in paper.tables.items() for dataset in table.datasets):
            series = table_series(paper, name, dataset, runs)
            if len(series) > 1:
                title = f"{paper.title}: {paper.tables[name].title}, {dataset}, d = {paper.tables[name].embedding_dim}"
                pictures.append(_draw(title, series, folder / f"mrr_{paper.name}_{name}_{dataset}.png"))
    return pictures


def table_series(paper: Paper, name: str, dataset: str, runs: Runs) -> dict[str, Series]:
    """Make the series of a picture, of the longest budget of each model and strategy.

    :param paper: the paper
    :param name: the name of the table
    :param dataset: the dataset
    :param runs: the runs of the paper
    :return: the series by model and, where there are several, strategy
    """
    table = paper.tables[name]
    found: dict[str, Series] = {}
    for model, strategy in itertools.product(table.models, table.strategies):
        by_budget = runs.get((dataset, model, strategy, table.embedding_dim))
        if not by_budget:
            continue
        series = make_series(_curve(line) for line in by_budget[max(by_budget)])
        if series is not None:
            found[model if len(table.strategies) == 1 else f"{model}, {strategy}"] = series
    return found


def _curve(line: Line) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Take seconds and MRR from the points (seconds, MRR, Hits@10)."""
    return np.asarray(line["curve"], dtype=np.float64).reshape(-1, 3)[:, :2]


def _draw(title: str, lines: Mapping[str, Series], path: Path) -> Path:
    figure = new_figure(4.5)
    axes = figure.subplots()
    for (name, series), color, marker in zip(
        lines.items(), itertools.cycle(COLORS), itertools.cycle(MARKERS), strict=False
    ):
        label = name if series.seeds == 1 else f"{name} ({series.seeds} seeds)"
        axes.plot(series.seconds, series.median, f"{marker}-", color=color, markersize=5, label=label)
        axes.fill_between(series.seconds, series.low, series.high, color=color, alpha=0.2, linewidth=0)
    axes.set(title=title, xlabel="training (seconds)", ylabel="MRR on validation")
    axes.set_xlim(left=0)
    tidy(axes)
    figure.legend(loc="outside right upper", frameon=False)
    return save(figure, path)
