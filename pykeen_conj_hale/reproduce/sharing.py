"""The report's tables of models that share parameters, each beside its twin that does not: accuracy, memory, time."""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from tabulate import tabulate

from .paper import Paper
from .sections import NONE, Line, Runs, fraction, signed

__all__ = ["Pair", "pairs", "sharing"]

#: Where the bytes of relations are counted
_PLACES: Final = ("model", "checkpoint", "optimizer")
_ACCURACY: Final = [
    "dataset",
    "d",
    "model",
    "MRR",
    "twin",
    "MRR, twin",
    "difference",
    "spread of seeds",
    "within",
    "seeds",
]
_COSTS: Final = [
    "dataset",
    "d",
    "model",
    *(f"relations in the {place}, bytes" for place in _PLACES),
    *(f"{place} / twin's" for place in _PLACES),
    "seconds per epoch",
    "of these N3",
    "time / twin's",
]


class Pair(NamedTuple):
    """The runs of a model, and those of its twin under the same budget."""

    dataset: str
    embedding_dim: int
    model: str
    twin: str
    own: Sequence[Line]
    twins: Sequence[Line]


def pairs(paper: Paper, runs: Runs) -> Iterator[Pair]:
    """Find the models that were trained as long as their twin, or both as long as the paper says.

    :param paper: the paper
    :param runs: its runs
    :return: the pairs, in the order of the tables
    """
    for table in paper.tables.values():
        for dataset, strategy, model in itertools.product(table.datasets, table.strategies, table.models):
            twin, dim = paper.models[model].twin, table.embedding_dim
            if twin is None:
                continue
            own, twins = (runs.get((dataset, name, strategy, dim), {}) for name in (model, twin))
            defaults = [paper.budget(dataset, name, strategy, dim) for name in (model, twin)]
            for budget, lines in sorted(own.items()):
                same = twins.get(defaults[1] if budget == defaults[0] else budget)
                if same:
                    yield Pair(dataset, dim, model, twin, lines, same)


def sharing(paper: Paper, runs: Runs) -> Iterator[str]:
    """Write what sharing costs, and what it saves.

    :param paper: the paper
    :param runs: its runs
    :return: parts of Markdown; none if no model was trained beside its twin
    """
    found = list(pairs(paper, runs))
    if not found:
        return
    yield "## Shared beside unshared\n"
    yield (
        "Test MRR, medians over seeds. The spread is the larger one of both, from the least to the greatest MRR; a "
        "difference within it is no larger than that of two seeds.\n"
    )
    yield _table(_ACCURACY, [_accuracy(pair) for pair in found])
    rows = [_costs(pair) for pair in found if all("costs" in line for line in (*pair.own, *pair.twins))]
    if rows:
        yield (
            "Relations are counted with the inverse ones. N3's part of an epoch is measured by steps with it and "
            "without it in turns, after the training.\n"
        )
        yield _table(_COSTS, rows)


def _table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    return f"{tabulate(rows, headers=headers, tablefmt='pipe', disable_numparse=True)}\n"


def _accuracy(pair: Pair) -> list[str]:
    scores = [[line["test"]["mrr"] for line in lines] for lines in (pair.own, pair.twins)]
    own, twin = map(statistics.median, scores)
    known = all(len(values) > 1 for values in scores)
    spread = max(max(values) - min(values) for values in scores)
    within = NONE if not known else "yes" if abs(own - twin) <= spread else "no"
    return [
        pair.dataset,
        str(pair.embedding_dim),
        pair.model,
        fraction(own),
        pair.twin,
        fraction(twin),
        signed(own - twin),
        fraction(spread) if known else NONE,
        within,
        f"{len(pair.own)}, {len(pair.twins)}",
    ]


def _costs(pair: Pair) -> list[str]:
    # bytes are the same for all seeds
    own, twin = (lines[0]["costs"]["relation_bytes"] for lines in (pair.own, pair.twins))
    seconds, others = (
        statistics.median(line["costs"]["seconds_per_epoch"] for line in lines) for lines in (pair.own, pair.twins)
    )
    share = statistics.median(line["costs"]["regularizer_share"] for line in pair.own)
    return [
        pair.dataset,
        str(pair.embedding_dim),
        pair.model,
        *(f"{own[place]:,}" for place in _PLACES),
        *(f"{own[place] / twin[place]:.3f}" for place in _PLACES),
        f"{seconds:.3g}",
        f"{share * seconds:.2g}",
        f"{seconds / others:.2f}",
    ]
