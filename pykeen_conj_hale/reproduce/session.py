"""Running cells one after the other: what is finished is left out, and the report is written after each run."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click
from filelock import FileLock, Timeout
from tabulate import tabulate

from .cells import Cell
from .report import write_report
from .results import ResultsFolder, latest
from .runs import run_cell

__all__ = ["find_unfinished", "list_cells", "run_cells"]

logger = logging.getLogger(__name__)


def list_cells(cells: Iterable[Cell], results: ResultsFolder) -> str:
    """Write a table of cells, with their state, our MRR and the paper's.

    :param cells: the cells
    :param results: what is finished
    :return: the table
    """
    found = {line["key"]: line["test"]["mrr"] for line in latest(results.lines)}
    rows = []
    for cell in cells:
        row = [cell.table, cell.dataset, cell.model, cell.strategy, cell.embedding_dim, str(cell.budget), cell.seed]
        rows.append([*row, results.status(cell.key) or "", found.get(cell.key), cell.figures.get("mrr")])
    headers = ["table", "dataset", "model", "strategy", "d", "budget", "seed", "status", "MRR", "paper's"]
    return str(tabulate(rows, headers=headers, floatfmt=".3f"))


def find_unfinished(cells: Iterable[Cell], results: ResultsFolder) -> list[Cell]:
    """Find the runs that are not finished, and say how many there are.

    :param cells: the cells
    :param results: what is finished
    :return: the first cell of each run
    """
    runs: dict[str, Cell] = {}
    for cell in cells:
        runs.setdefault(cell.key, cell)
    todo = [cell for key, cell in runs.items() if results.status(key) != "finished"]
    minutes = sum(cell.seconds or 0 for cell in todo) / 60
    epochs = sum(cell.epochs or 0 for cell in todo)
    length = f"{minutes:.1f} min of training" + (f", and {epochs} epochs" if epochs else "")
    click.echo(f"Runs: {len(runs)}, finished: {len(runs) - len(todo)}, to do: {len(todo)} ({length})")
    return todo


def run_cells(cells: Sequence[Cell], folder: Path, *, pictures: bool, **options: Any) -> bool:
    """Run what is not finished.

    :param cells: the cells
    :param folder: the folder of results
    :param pictures: whether to draw after each run
    :param options: arguments of :func:`~pykeen_conj_hale.reproduce.runs.run_cell`
    :return: whether all went well
    :raises ClickException: if another process writes to the folder
    :raises KeyboardInterrupt: at Ctrl-C, with what becomes of the results
    """
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock", timeout=0):
            return _run_alone(cells, ResultsFolder(folder), pictures=pictures, **options)
    except Timeout as error:
        raise click.ClickException(
            f"--output {folder} is in use by another process: give another one; `report` puts several together."
        ) from error
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(f"What is finished is in {folder}; the same command goes on with it.") from interrupt


def _run_alone(cells: Sequence[Cell], results: ResultsFolder, *, pictures: bool, **options: Any) -> bool:
    failed, todo = [], find_unfinished(cells, results)
    if not todo:
        _report(results, pictures)
    for number, cell in enumerate(todo, start=1):
        click.echo(f"[{number}/{len(todo)}] {cell}")
        line = run_cell(cell, results, **options)
        if line["status"] != "finished":
            failed.append(cell)
            click.echo(f"    failed: {line['error']}")
            continue
        test = ", ".join(f"{name} {value:.3f}" for name, value in line["test"].items())
        paper = f" (paper: {cell.figures['mrr']:.3f})" if cell.figures else ""
        click.echo(f"    {test}{paper}, {line['steps']} steps, {line['triples_per_second']:,.0f} triples/s")
        _report(results, pictures)
    for cell in failed:
        click.echo(f"Failed: {cell}", err=True)
    return not failed


def _report(results: ResultsFolder, pictures: bool) -> None:
    try:
        path = write_report(results.lines, results.path, results.embeddings(), pictures=pictures)
    except Exception:
        # no reason not to train what is left
        logger.exception("There is no report; `pykeen-conj-hale report %s` tries again", results.path)
    else:
        click.echo(f"    report: {path}")
