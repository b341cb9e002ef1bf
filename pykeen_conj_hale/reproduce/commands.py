"""The commands ``reproduce`` and ``report``."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
import torch
from filelock import FileLock, Timeout
from pykeen.utils import resolve_device
from tabulate import tabulate

from ..files import replacing
from .cells import Cell
from .report import write_report
from .results import ResultsFolder, latest, read_lines
from .runs import run_cell
from .selection import select
from .strategies import STRATEGIES
from .tables import DATASETS, MODELS, TABLES

__all__ = ["report", "reproduce"]

logger = logging.getLogger(__name__)

#: The exit code of a program that Ctrl-C ended, as shells have it
_INTERRUPTED: Final = 130

FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--table", "tables", multiple=True, help=f"{', '.join(TABLES)}; may be repeated, as all choices.")
@click.option("--dataset", "datasets", multiple=True, help=", ".join(DATASETS))
@click.option("--model", "models", multiple=True, help=", ".join(MODELS))
@click.option("--strategy", "strategies", multiple=True, help=", ".join(STRATEGIES))
@click.option("--seed", "seeds", type=click.IntRange(min=0), multiple=True, default=[0], show_default=True)
@click.option("--seconds", help="Time of training, seconds or HH:MM:SS; the paper's for the dataset if not given.")
@click.option("-o", "--output", type=FOLDER, default=Path("results/reproduce"), show_default=True)
@click.option("--device", help="Device to train on; PyKEEN's choice if not given.")
@click.option("--embeddings/--no-embeddings", default=True, help="Write embeddings, for the picture of them.")
@click.option("--pictures/--no-pictures", default=True, help="Draw after each run.")
@click.option("--progress/--no-progress", "use_tqdm", default=True)
@click.option("--list", "list_cells", is_flag=True, help="Show the chosen cells and which are finished, and exit.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, and exit.")
@click.option("--configurations", type=FOLDER, help="Write the cells' configurations for PyKEEN there, and exit.")
def reproduce(
    seconds: str | None,
    output: Path,
    list_cells: bool,
    dry_run: bool,
    configurations: Path | None,
    device: str | None,
    **options: Any,
) -> None:
    """Train cells of the tables and figures of HaLE's paper, and put them beside the paper's figures.

    Results are in OUTPUT: results.jsonl, report.md, pictures, embeddings. What is finished there is not run again, so
    that the same command goes on with a half-finished table.
    """
    _log_warnings()
    names = {name: options.pop(name) for name in ("tables", "datasets", "models", "strategies")}
    with _usage_errors():
        cells = select(**names, seconds=_number(seconds), seeds=options.pop("seeds"))
    if configurations is not None:
        _write_configurations(cells, configurations)
    elif list_cells:
        click.echo(_list(cells, ResultsFolder(output)))
    elif dry_run:
        for cell in _todo(cells, ResultsFolder(output)):
            click.echo(cell)
    elif not any(names.values()):
        raise click.UsageError("That is everything. Choose by --table, --dataset, --model or --strategy; see --list.")
    elif not _run(cells, output, device=_device(device), **options):
        sys.exit(1)


def _log_warnings() -> None:
    # by the handler: PyKEEN's loggers have a level of their own, INFO
    handler = logging.StreamHandler()
    handler.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[handler], format="%(levelname)s: %(message)s")


def _device(name: str | None) -> torch.device:
    try:
        return resolve_device(name)
    except RuntimeError as error:
        raise click.UsageError(f"--device {name} is unknown to PyTorch: {error}") from error


def _number(seconds: str | None) -> float | str | None:
    try:
        return None if seconds is None else float(seconds)
    except ValueError:
        return seconds


@contextmanager
def _usage_errors() -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _todo(cells: Sequence[Cell], results: ResultsFolder) -> list[Cell]:
    """Find what is not finished, the first cell of each run, and say how much it is."""
    runs: dict[str, Cell] = {}
    for cell in cells:
        runs.setdefault(cell.key, cell)
    todo = [cell for key, cell in runs.items() if results.status(key) != "finished"]
    minutes = sum(cell.seconds for cell in todo) / 60
    click.echo(
        f"Runs: {len(runs)}, finished: {len(runs) - len(todo)}, to do: {len(todo)} ({minutes:.1f} min of training)"
    )
    return todo


def _list(cells: Sequence[Cell], results: ResultsFolder) -> str:
    found = {line["key"]: line["test"]["mrr"] for line in latest(results.lines)}
    rows = []
    for cell in cells:
        row = [cell.table, cell.dataset, cell.model, cell.strategy, cell.embedding_dim, f"{cell.seconds:g}", cell.seed]
        rows.append([*row, results.status(cell.key) or "", found.get(cell.key), cell.paper and cell.paper["mrr"]])
    headers = ["table", "dataset", "model", "strategy", "d", "seconds", "seed", "status", "MRR", "paper's"]
    return str(tabulate(rows, headers=headers, floatfmt=".3f"))


def _write_configurations(cells: Sequence[Cell], folder: Path) -> None:
    cells = [cell for cell in cells if cell.seed == cells[0].seed]  # `pykeen experiments run` draws seeds itself
    for cell in cells:
        name = f"{cell.dataset}_{cell.model}_{cell.strategy}.json".lower().replace("+", "-")
        with replacing(folder / cell.table / name) as file:
            file.write(json.dumps(cell.configuration(), indent=2).encode() + b"\n")
    click.echo(f"{len(cells)} configurations are in {folder}")


def _run(cells: Sequence[Cell], output: Path, *, pictures: bool, **options: Any) -> bool:
    """Run cells.

    :return: whether all went well
    """
    output.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(output / ".lock", timeout=0):
            return _run_alone(cells, ResultsFolder(output), pictures=pictures, **options)
    except Timeout as error:
        raise click.ClickException(
            f"--output {output} is in use by another process: give another one; `report` puts several together."
        ) from error
    except KeyboardInterrupt:
        click.echo(f"\nInterrupted. What is finished is in {output}; the same command goes on with it.", err=True)
        sys.exit(_INTERRUPTED)


def _run_alone(cells: Sequence[Cell], results: ResultsFolder, *, pictures: bool, **options: Any) -> bool:
    failed, todo = [], _todo(cells, results)
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
        paper = "" if cell.paper is None else f" (paper: {cell.paper['mrr']:.3f})"
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


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=FOLDER, help="Folder to write to; that of the first source if not given.")
@click.option("--pictures/--no-pictures", default=True)
def report(sources: tuple[Path, ...], output: Path | None, pictures: bool) -> None:
    """Write report and pictures anew from results: SOURCES are folders of `reproduce`, or their results.jsonl."""
    _log_warnings()
    files = [source / "results.jsonl" if source.is_dir() else source for source in sources]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise click.UsageError(f"{', '.join(missing)} does not exist: nothing was run there.")
    lines = [line for file in files for line in read_lines(file)]
    embeddings = {key: path for file in files for key, path in ResultsFolder(file.parent).embeddings().items()}
    click.echo(write_report(lines, output or files[0].parent, embeddings, pictures=pictures))
