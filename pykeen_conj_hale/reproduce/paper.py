"""The figures of HaLE's paper (Wang et al., 2022, https://arxiv.org/abs/2201.00565), which ours are put beside."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

__all__ = ["paper_figures", "paper_seconds"]


def paper_figures(table: str, dataset: str, row: str, model: str) -> Mapping[str, float] | None:
    """Look up the paper's figures of a cell: ``mrr``, ``hits@10`` and ``hits@1``, as fractions.

    :param table: the table, as ``"table2"``
    :param dataset: the dataset, as the paper calls it
    :param row: the training strategy, as ``hale.json`` calls it
    :param model: the model
    :return: the figures by metric; None if the paper has no numbers of it
    """
    figures = _paper()["results"].get(table, {}).get(dataset, {}).get(row, {}).get(model)
    return None if figures is None else dict(zip(_paper()["columns"], figures, strict=True))


def paper_seconds(dataset: str) -> float:
    """Look up the time of training on a dataset.

    :param dataset: the dataset, as the paper calls it
    :return: seconds, on the paper's GTX 1070
    """
    return float(_paper()["seconds"][dataset])


@functools.cache
def _paper() -> Any:
    return json.loads(files(__package__).joinpath("hale.json").read_text(encoding="utf-8"))
