"""What a paper's reproduction is declared by: tables, models, strategies, budgets, and what differs for some runs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from typing import Any, Literal, NamedTuple, TypeAlias

__all__ = ["Budget", "Comparison", "Model", "Strategy", "Table", "Tuning", "settle"]

#: What the curves of a picture differ in: the strategy, or the activation of HaLE only
Comparison: TypeAlias = Literal["strategies", "activations"]

#: Some runs (by ``strategy``, ``dataset``, ``model``, ``embedding_dim``; any of what is left out), and their settings
Tuning: TypeAlias = tuple[Mapping[str, Any], Mapping[str, Any]]


class Budget(NamedTuple):
    """How long a run trains."""

    amount: float
    unit: Literal["s", "epochs"] = "s"

    def __str__(self) -> str:
        return f"{self.amount:.10g} {self.unit}"

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> Budget:
        """Read the budget of a line of results.

        :param line: the line; without ``seconds`` it was trained for its ``epochs``
        :return: the budget
        """
        return cls(line["epochs"], "epochs") if line["seconds"] is None else cls(line["seconds"])


@dataclasses.dataclass(frozen=True)
class Table:
    """A table or figure of a paper, all combinations of these."""

    title: str
    embedding_dim: int
    datasets: Sequence[str]
    models: Sequence[str]
    strategies: Sequence[str]


@dataclasses.dataclass(frozen=True)
class Model:
    """A model of a paper."""

    #: PyKEEN's name
    name: str
    kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: The model that it is compared with, which shares no parameters
    twin: str | None = None


@dataclasses.dataclass(frozen=True)
class Strategy:
    """A way to train."""

    name: str
    #: A part of a configuration of PyKEEN's pipeline
    settings: Mapping[str, Any]
    #: The pictures that show it, and its label there; None for the picture of strategies, under its name
    labels: Mapping[Comparison, str] | None = None
    #: The name of the row in the paper's file of figures; None where it is the strategy's
    paper_row: str | None = None


def settle(strategy: Strategy, tuned: Iterable[Tuning], **cell: Any) -> dict[str, Any]:
    """Get the settings of a strategy for a cell.

    :param strategy: the strategy
    :param tuned: what is different for some runs; a later entry goes before an earlier one
    :param cell: the ``dataset``, ``model`` and ``embedding_dim`` of the cell
    :return: a part of a configuration of PyKEEN's pipeline
    """
    cell["strategy"] = strategy.name
    merged = deepcopy(dict(strategy.settings))
    for where, settings in tuned:
        if all(cell[name] == value for name, value in where.items()):
            _merge(merged, settings)
    return merged


def _merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Update a dictionary, and the dictionaries in it."""
    for name, value in source.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = deepcopy(value)
