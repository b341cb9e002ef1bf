"""The report's table of a dataset: our runs beside the paper's figures."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, TypeAlias

from tabulate import tabulate

from .cells import fingerprint
from .paper import Paper
from .plan import Budget

__all__ = ["NONE", "Line", "Runs", "fraction", "group", "section", "signed"]

#: The line of a finished run
Line: TypeAlias = Mapping[str, Any]

_METRICS: Final = {"mrr": "MRR", "hits@1": "Hits@1", "hits@10": "Hits@10"}
_HEADERS: Final = [
    "model",
    "strategy",
    *_METRICS.values(),
    "seeds",
    *(f"{name}, paper" for name in _METRICS.values()),
    "difference",
    "parameters",
    "triples/s",
    "budget",
]
NONE: Final = "–"

#: What is trained, and the runs of one configuration of each budget
Runs: TypeAlias = Mapping[tuple[str, str, str, int], Mapping[Budget, Sequence[Line]]]


def group(lines: Iterable[Line]) -> Runs:
    """Group the runs of a paper by what is trained. Of several configurations, the one that was run last counts.

    :param lines: lines of finished runs
    :return: the runs
    """
    runs: dict[Any, dict[Budget, list[Line]]] = defaultdict(dict)
    newest_first = sorted(lines, key=lambda line: str(line["date"]), reverse=True)
    for line in newest_first:
        what = (line["dataset"], line["model"], line["strategy"], line["embedding_dim"])
        same = runs[what].setdefault(Budget.of(line), [])
        if not same or fingerprint(same[0]["configuration"]) == fingerprint(line["configuration"]):
            same.append(line)
    return runs


def section(paper: Paper, name: str, dataset: str, runs: Runs) -> str | None:
    """Write the table of a dataset, if it has a run.

    :param paper: the paper
    :param name: the table's name
    :param dataset: the dataset
    :param runs: the runs of the paper
    :return: Markdown
    """
    rows: list[list[str]] = []
    shown: list[Line] = []
    table, other = paper.tables[name], set()
    for model in table.models:
        for strategy in table.strategies:
            default = paper.budget(dataset, model, strategy, table.embedding_dim)
            by_budget = runs.get((dataset, model, strategy, table.embedding_dim), {})
            figures = paper.figures(name, dataset, strategy, model)
            for budget, same in sorted(by_budget.items()):
                rows.append([model, strategy, *_row(same, _compare(budget, default), figures)])
                shown += same
                other |= {default} if budget != default else set()
            if not by_budget:
                rows.append([model, strategy, *_row([], NONE, figures)])
    if not shown:
        return None
    text = tabulate(rows, headers=_HEADERS, tablefmt="pipe", disable_numparse=True)
    return "\n".join([f"### {dataset}\n", text, "", *_notes(shown, other)]) + "\n"


def _compare(budget: Budget, default: Budget) -> str:
    return str(budget) if budget == default else f"{budget} (default: {default})"


def _row(same: Sequence[Line], budget: str, figures: Mapping[str, float]) -> Iterator[str]:
    """Write the cells of a row, from the runs that differ in their seed only."""
    ours = {metric: statistics.median(line["test"][metric] for line in same) for metric in _METRICS if same}
    yield from (fraction(ours.get(metric)) for metric in _METRICS)
    yield str(len(same)) if same else NONE
    yield from (fraction(figures.get(metric)) for metric in _METRICS)
    both = [(ours[metric], figures[metric]) for metric in _METRICS if metric in ours and metric in figures]
    yield " / ".join(signed(our - paper) for our, paper in both) or NONE
    yield f"{same[0]['parameters']:,}" if same else NONE
    yield f"{statistics.median(line['triples_per_second'] for line in same):,.0f}" if same else NONE
    yield budget


def signed(difference: float) -> str:
    """Write a difference of fractions.

    :param difference: the difference
    :return: e.g. ``−.031``
    """
    return ("+" if difference >= 0 else "−") + fraction(abs(difference))


def fraction(value: float | None) -> str:
    """Write a fraction.

    :param value: the fraction
    :return: e.g. ``.440``
    """
    return NONE if value is None else f"{value:.3f}".removeprefix("0")


def _notes(shown: Sequence[Line], other: Iterable[Budget]) -> Iterator[str]:
    """Write the notes below a table: other times, hardware and seeds, a command."""
    if defaults := sorted(set(other)):
        yield f"Some runs had other budgets than the table's, which are {', '.join(map(str, defaults))}.\n"
    where = defaultdict(set)
    for line in shown:
        hardware = line["hardware"]
        machine = f"{hardware.get('processor') or hardware.get('machine')}, threads: {hardware.get('threads')}"
        device = hardware.get("device", "cpu")
        where[machine if device == "cpu" else f"{device} ({machine})"].add(line["seed"])
    for name, seeds in where.items():
        yield f"On {name}; {'seeds' if len(seeds) > 1 else 'seed'} {', '.join(map(str, sorted(seeds)))}.\n"
    commands = sorted({line["command"] for line in shown if "command" in line})
    if commands:
        yield f"One of them again: `{commands[0]}`\n"
