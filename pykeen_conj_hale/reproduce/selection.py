"""Choosing cells of a paper by the names of tables, datasets, models and strategies."""

from __future__ import annotations

from collections.abc import Iterable

from pykeen.utils import normalize_string

from ..checks import check_choice, check_whole
from ..training.budget.clock import parse_seconds
from .cells import Cell
from .paper import Paper
from .papers import HALE, PAPERS
from .plan import Budget

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
    paper: str = HALE.name,
    seconds: float | str | None = None,
    epochs: int | None = None,
    seeds: Iterable[int] = (0,),
) -> list[Cell]:
    """Choose cells; what is left out is any.

    :param tables: names of the paper's tables
    :param datasets: names of datasets
    :param models: names of models
    :param strategies: names of strategies
    :param paper: the name of the paper, see :data:`~pykeen_conj_hale.reproduce.papers.PAPERS`
    :param seconds: the seconds of training, or ``"HH:MM:SS"``
    :param epochs: the epochs of training. Where neither is given, a cell is trained as its paper says
    :param seeds: the random seeds
    :return: the cells, those of a seed together
    :raises ValueError: if a name is unknown, no table has such a cell, or both seconds and epochs are given
    """
    given = _read_budget(seconds, epochs)
    source = PAPERS[choose("paper", [paper], PAPERS)[0]]
    tables = choose("table", tables, source.tables)
    wanted = (
        choose("dataset", datasets, source.datasets),
        choose("model", models, source.models),
        choose("strategy", strategies, source.strategies),
    )
    cells = [
        _cell(source, name, dataset, model, strategy, given, seed)
        for seed in dict.fromkeys(seeds)
        for name in tables
        for dataset in source.tables[name].datasets
        for model in source.tables[name].models
        for strategy in source.tables[name].strategies
        if all(part in allowed for part, allowed in zip((dataset, model, strategy), wanted, strict=True))
    ]
    if not cells:
        raise ValueError(f"No cell is chosen. There are: {'; '.join(_describe(source, name) for name in tables)}.")
    return cells


def _read_budget(seconds: float | str | None, epochs: int | None) -> Budget | None:
    if seconds is not None and epochs is not None:
        raise ValueError(f"seconds={seconds!r} and epochs={epochs!r} exclude each other: give one of them.")
    if epochs is not None:
        return Budget(check_whole("epochs", epochs), "epochs")
    return None if seconds is None else Budget(parse_seconds("seconds", seconds, positive=True))


def _cell(paper: Paper, table: str, dataset: str, model: str, strategy: str, budget: Budget | None, seed: int) -> Cell:
    dim = paper.tables[table].embedding_dim
    amount, unit = budget or paper.budget(dataset, model, strategy, dim)
    seconds, epochs = (amount, None) if unit == "s" else (None, int(amount))
    return Cell(table, dataset, model, strategy, dim, seconds, seed, epochs, paper.name)


def _describe(paper: Paper, name: str) -> str:
    table = paper.tables[name]
    return f"{name}: {', '.join(table.datasets)} with {', '.join(table.models)} by {', '.join(table.strategies)}"
