"""Choosing cells by the names of tables, datasets, models and strategies."""

from __future__ import annotations

from collections.abc import Iterable

from pykeen.utils import normalize_string

from ..checks import check_choice
from ..training.budget.clock import parse_seconds
from .cells import Cell
from .paper import paper_seconds
from .strategies import STRATEGIES
from .tables import DATASETS, MODELS, TABLES

__all__ = ["choose", "read_seconds", "select"]


def choose(argument: str, names: Iterable[str], choices: Iterable[str]) -> list[str]:
    """Look names up as PyKEEN does: case and hyphens do not matter.

    :param argument: what the names are, for the error
    :param names: the names; all choices if there are none
    :param choices: what there is
    :return: the choices
    :raises ValueError: if there is nothing of a name
    """
    known = {normalize_string(choice): choice for choice in choices}
    chosen = [known.get(normalize_string(name), name) for name in names]
    for name in chosen:
        check_choice(argument, name, known.values())
    return list(dict.fromkeys(chosen)) or list(known.values())


def read_seconds(text: str) -> float:
    """Read a time of training.

    :param text: a number of seconds, or ``"HH:MM:SS"``
    :return: the seconds
    :raises ValueError: if it is neither, or not > 0
    """
    try:
        value: float | str = float(text)
    except ValueError:
        value = text
    return parse_seconds("seconds", value, positive=True)


def select(
    tables: Iterable[str] = (),
    datasets: Iterable[str] = (),
    models: Iterable[str] = (),
    strategies: Iterable[str] = (),
    *,
    seconds: float | str | None = None,
    seeds: Iterable[int] = (0,),
) -> list[Cell]:
    """Choose cells; what is left out is any.

    :param tables: names of tables, see :data:`~pykeen_conj_hale.reproduce.tables.TABLES`
    :param datasets: names of datasets, see :data:`~pykeen_conj_hale.reproduce.tables.DATASETS`
    :param models: names of models, see :data:`~pykeen_conj_hale.reproduce.tables.MODELS`
    :param strategies: names of strategies, see :data:`~pykeen_conj_hale.reproduce.strategies.STRATEGIES`
    :param seconds: the seconds of training, or ``"HH:MM:SS"``; the paper's for the dataset by default
    :param seeds: the random seeds
    :return: the cells, those of a seed together
    :raises ValueError: if a name is unknown, or no table has such a cell
    """
    if seconds is not None:
        seconds = parse_seconds("seconds", seconds, positive=True)
    tables = choose("table", tables, TABLES)
    datasets, models = choose("dataset", datasets, DATASETS), choose("model", models, MODELS)
    strategies = choose("strategy", strategies, STRATEGIES)
    cells = [
        Cell(name, dataset, model, strategy, table.embedding_dim, seconds or paper_seconds(dataset), seed)
        for seed in dict.fromkeys(seeds)
        for name in tables
        for table in (TABLES[name],)
        for dataset in table.datasets
        if dataset in datasets
        for model in table.models
        if model in models
        for strategy in table.strategies
        if strategy in strategies
    ]
    if not cells:
        has = "; ".join(
            f"{name}: {', '.join(TABLES[name].datasets)} with {', '.join(TABLES[name].models)} by "
            f"{', '.join(TABLES[name].strategies)}"
            for name in tables
        )
        raise ValueError(f"No cell is chosen. There are: {has}.")
    return cells
