"""Runs from the lines of results: which belong into one picture, and what it is called."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .style import ACTIVATIONS, STRATEGIES

__all__ = ["Group", "Groups", "Run", "file_names", "read_groups"]

#: The names that are drawn, which are matched as PyKEEN matches names
_STRATEGIES = {name.lower(): name for name in (*STRATEGIES, *ACTIVATIONS)}


class Group(NamedTuple):
    """What runs have in common that can be compared in a picture."""

    dataset: str
    model: str
    embedding_dim: int
    seconds: float

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
Groups = Mapping[Group, Mapping[str, Mapping[int, Run]]]


def read_groups(lines: Iterable[Mapping[str, Any]]) -> Groups:
    """Sort finished runs into groups; of those which agree in group, strategy and seed the last one counts.

    :param lines: lines of finished runs, as :func:`~pykeen_conj_hale.reproduce.results.latest` keeps them
    :return: the runs
    """
    groups: dict[Group, dict[str, dict[int, Run]]] = {}
    for line in lines:
        group = Group(line["dataset"], line["model"], line["embedding_dim"], line["seconds"])
        name = _STRATEGIES.get(line["strategy"].lower(), line["strategy"])
        run = Run(key=line["key"], seed=line["seed"], curve=_curve(line["curve"]))
        groups.setdefault(group, {}).setdefault(name, {})[run.seed] = run
    return groups


def _curve(points: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Take seconds and Hits@10 from the points (seconds, MRR, Hits@10)."""
    curve = np.asarray(points, dtype=np.float64).reshape(-1, 3)[:, [0, 2]]
    return curve[np.argsort(curve[:, 0], kind="stable")]


def file_names(groups: Collection[Group], pattern: str) -> dict[Group, str]:
    """Name a picture of each group.

    :param groups: what will be drawn
    :param pattern: the name, with ``{}`` for dataset, model and dimension
    :return: the names; of groups that differ in their time budget only the longest has none in its name
    """
    names = {}
    for group in groups:
        longest = max(other.seconds for other in groups if other[:3] == group[:3])
        parts = [group.dataset, group.model, str(group.embedding_dim)]
        parts += [] if group.seconds == longest else [f"{group.seconds:g}s"]
        names[group] = pattern.format(re.sub(r"[^\w.+-]", "_", "_".join(parts)))
    return names
