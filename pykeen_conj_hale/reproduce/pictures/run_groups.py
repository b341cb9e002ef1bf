"""Groups of runs that one picture compares, and the name of the picture."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pykeen.utils import normalize_string

from ..plan import Budget
from ..strategies import STRATEGIES

__all__ = ["GroupedRuns", "Run", "RunGroup", "group_runs", "picture_names"]

#: The names of strategies, as PyKEEN matches names
_STRATEGIES = {normalize_string(name): name for name in STRATEGIES}


class RunGroup(NamedTuple):
    """What runs have in common that one picture compares."""

    dataset: str
    model: str
    embedding_dim: int
    budget: Budget

    def __str__(self) -> str:
        return f"{self.model} on {self.dataset}, d = {self.embedding_dim}"


@dataclass(frozen=True)
class Run:
    """What is drawn of a run."""

    key: str
    seed: int
    #: Seconds of training and Hits@10 on validation, by rising seconds; shape: ``(evaluations, 2)``
    curve: NDArray[np.float64]


#: Runs by group, strategy and seed
GroupedRuns = Mapping[RunGroup, Mapping[str, Mapping[int, Run]]]


def group_runs(lines: Iterable[Mapping[str, Any]]) -> GroupedRuns:
    """Sort finished runs into groups. Of runs of the same group, strategy and seed the last one counts.

    :param lines: lines of finished runs, as :func:`~pykeen_conj_hale.reproduce.results.latest` keeps them
    :return: the runs
    """
    groups: dict[RunGroup, dict[str, dict[int, Run]]] = {}
    for line in lines:
        group = RunGroup(line["dataset"], line["model"], line["embedding_dim"], Budget.of(line))
        name = _STRATEGIES.get(normalize_string(line["strategy"]), line["strategy"])
        run = Run(key=line["key"], seed=line["seed"], curve=_curve(line["curve"]))
        groups.setdefault(group, {}).setdefault(name, {})[run.seed] = run
    return groups


def _curve(points: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Take seconds and Hits@10 from the points (seconds, MRR, Hits@10)."""
    curve = np.asarray(points, dtype=np.float64).reshape(-1, 3)[:, [0, 2]]
    return curve[np.argsort(curve[:, 0], kind="stable")]


def picture_names(groups: Collection[RunGroup], pattern: str) -> dict[RunGroup, str]:
    """Name a picture of each group.

    :param groups: what will be drawn
    :param pattern: the name, with ``{}`` for dataset, model and dimension
    :return: the file names; of groups that differ in their time budget only, all but the longest have it in the name
    """
    names = {}
    for group in groups:
        longest = max(other.budget for other in groups if other[:3] == group[:3])
        parts = [group.dataset, group.model, str(group.embedding_dim)]
        parts += [] if group.budget == longest else [str(group.budget).replace(" ", "")]
        names[group] = pattern.format(re.sub(r"[^\w.+-]", "_", "_".join(parts)))
    return names
