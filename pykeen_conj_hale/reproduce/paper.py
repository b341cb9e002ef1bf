"""A paper that is reproduced: its tables, how their cells are trained, and its figures, which ours are put beside."""

from __future__ import annotations

import dataclasses
import functools
import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

from .plan import Budget, Model, Strategy, Table

__all__ = ["Paper"]


@dataclasses.dataclass(frozen=True)
class Paper:
    """A paper, with the names under which it is known here.

    ``NAME.json`` beside this file has its figures: ``columns``, the metrics; ``results``, by table, dataset, row and
    model, with null for what the paper does not say; ``seconds`` of training by dataset, where epochs are not given.
    """

    name: str
    title: str
    #: The address of the paper
    reference: str
    #: What a reader of the report has to know
    introduction: str
    #: PyKEEN's names of the datasets
    datasets: Mapping[str, str]
    models: Mapping[str, Model]
    strategies: Mapping[str, Strategy]
    tables: Mapping[str, Table]
    #: The settings of a strategy by its name, for the ``dataset``, ``model`` and ``embedding_dim`` of a cell
    settings: Callable[..., dict[str, Any]]
    #: Whether the bytes of relations, and the time of the regularizer, are measured
    measures_costs: bool = False

    def figures(self, table: str, dataset: str, strategy: str, model: str) -> Mapping[str, float]:
        """Look up the paper's figures of a cell, as fractions.

        :param table: the table, as ``"table2"``
        :param dataset: the dataset
        :param strategy: the training strategy
        :param model: the model
        :return: the figures by metric, of ``mrr``, ``hits@10`` and ``hits@1`` those that the paper has
        """
        row = self.strategies[strategy].paper_row or strategy
        figures = _read(self.name)["results"].get(table, {}).get(dataset, {}).get(row, {}).get(model)
        named = zip(_read(self.name)["columns"], figures, strict=True) if figures else []
        return {metric: value for metric, value in named if value is not None}

    def budget(self, dataset: str, model: str, strategy: str, embedding_dim: int) -> Budget:
        """Look up how long a cell is trained where nothing else is said.

        :param dataset: the dataset
        :param model: the model
        :param strategy: the training strategy
        :param embedding_dim: the dimension
        :return: the epochs of the strategy's settings, or the seconds for the dataset
        """
        settings = self.settings(strategy, dataset=dataset, model=model, embedding_dim=embedding_dim)
        epochs = settings["training_kwargs"].get("num_epochs")
        return Budget(float(_read(self.name)["seconds"][dataset])) if epochs is None else Budget(epochs, "epochs")


@functools.cache
def _read(name: str) -> Any:
    return json.loads(files(__package__).joinpath(f"{name}.json").read_text(encoding="utf-8"))
