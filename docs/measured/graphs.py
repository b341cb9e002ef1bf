"""The table that helps to choose a model: per graph the best dot product and the best distance."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Final

from .lines import MRR, TITLES, Line, read, reals
from .markdown import rate, table

__all__ = ["TABLES"]

#: Graphs by their recorded names, and their kinds
GRAPHS: Final = {
    "kinships": "small",
    "umls": "small",
    "nations": "small",
    "CoDEx-small-all": "medium",
    "FB15k237-all": "dense",
    "WN18RR-all": "sparse",
}
#: Models whose scores are dot products where nothing else is said
DOT_PRODUCTS: Final = ("ConjComplEx", "FiveStarE", "ConjFiveStarE", "QueryComplEx", "HypER")


def _is_distance(line: Line) -> bool:
    similarity = json.loads(line["settings"]).get("model_kwargs", {}).get("similarity")
    return line["model"] not in DOT_PRODUCTS or similarity not in (None, "dot")


def _best(lines: list[Line]) -> tuple[float, str]:
    if not lines:
        return 0.0, "–"
    best = max(lines, key=lambda line: line[MRR])
    cost = f"{reals(best)} numbers, {best['cpu_seconds']:.0f} s"
    return best[MRR], f"{rate(best[MRR])}: {best['model']}, {best['loss']}, {cost}"


def best_by_graph() -> str:
    """Compare the best dot product with the best distance, by validation MRR, on each graph."""
    rows = []
    for dataset, kind in GRAPHS.items():
        lines = read("defaults", dataset=dataset, test=False)
        found = [_best([line for line in lines if _is_distance(line) == distance]) for distance in (False, True)]
        # where there are both, the better one
        highest = max(value for value, _ in found) if all(value for value, _ in found) else None
        rows.append([TITLES[dataset], kind, *(f"**{text}**" if value == highest else text for value, text in found)])
    return table(["graph", "kind", "best dot product", "best distance"], rows)


TABLES: Final[dict[str, Callable[[], str]]] = {"best-by-graph": best_by_graph}
