"""The commands ``reproduce`` and ``report``."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import Any, Final

import click

from ..devices import choose_device
from ..outputs import check_outputs
from ..reproduce import session
from ..reproduce.configurations import write_configurations
from ..reproduce.papers import HALE, PAPERS
from ..reproduce.report import REPORT_FILE, check_replaceable, write_report
from ..reproduce.results import RESULTS_FILE, ResultsFolder, read_lines
from ..reproduce.selection import choose, read_seconds, select
from .options import FOLDER, FORCE, SEED, Parsed, show_log

__all__ = ["report", "reproduce"]


def _join(part: str) -> str:
    """List the names of a part of the papers, for the help."""
    return "; ".join(f"{name}: {', '.join(getattr(paper, part))}" for name, paper in PAPERS.items())


SECONDS: Final = Parsed("seconds", read_seconds)
DEVICE: Final = Parsed("device", choose_device)


@click.command()
@click.option(
    "--paper",
    type=Parsed("paper", lambda name: choose("paper", [name], PAPERS)[0]),
    default=HALE.name,
    show_default=True,
    help=", ".join(PAPERS),
)
@click.option("--table", "tables", multiple=True, help=f"{_join('tables')}. May be repeated, as all choices.")
@click.option("--dataset", "datasets", multiple=True, help="See --list.")
@click.option("--model", "models", multiple=True, help=_join("models"))
@click.option("--strategy", "strategies", multiple=True, help=_join("strategies"))
@click.option("--seed", "seeds", type=SEED, multiple=True, default=[0], show_default=True)
@click.option("--seconds", type=SECONDS, help="Time of training, seconds or HH:MM:SS; the table's if not given.")
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of training, in place of a time.")
@click.option("-o", "--output", type=FOLDER, default=Path("results/reproduce"), show_default=True)
@click.option("--device", type=DEVICE, help="Device to train on; PyKEEN's choice if not given.")
@click.option("--embeddings/--no-embeddings", default=True, help="Write embeddings, for the picture of them.")
@click.option("--pictures/--no-pictures", default=True, help="Draw after each run.")
@click.option("--progress/--no-progress", "use_tqdm", default=True)
@click.option("--list", "list_cells", is_flag=True, help="Show the chosen cells and which are finished, and exit.")
@click.option("--dry-run", is_flag=True, help="Show what would be run, and exit.")
@click.option("--configurations", type=FOLDER, help="Write the cells' configurations for PyKEEN there, and exit.")
@click.option("--force", is_flag=True, help="Replace configurations that are there with another content.")
def reproduce(
    paper: str,
    seconds: float | None,
    epochs: int | None,
    seeds: tuple[int, ...],
    output: Path,
    list_cells: bool,
    dry_run: bool,
    configurations: Path | None,
    force: bool,
    **options: Any,
) -> None:
    """Train cells of the tables and figures of a paper, and put them beside the paper's figures.

    Results are in OUTPUT: results.jsonl, report.md, pictures, embeddings. What is finished there is not run again, so
    that the same command goes on with a half-finished table.
    """
    show_log(logging.WARNING)
    names = {name: options.pop(name) for name in ("tables", "datasets", "models", "strategies")}
    try:
        cells = select(**names, paper=paper, seconds=seconds, epochs=epochs, seeds=seeds)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if configurations is not None:
        written = write_configurations(cells, configurations, force=force)
        click.echo(f"{len(written)} configurations are in {configurations}")
    elif list_cells:
        click.echo(session.list_cells(cells, ResultsFolder(output)))
    elif dry_run:
        for cell in session.find_unfinished(cells, ResultsFolder(output)):
            click.echo(cell)
    elif not any(names.values()):
        raise click.UsageError("That is everything. Choose by --table, --dataset, --model or --strategy; see --list.")
    elif not session.run_cells(cells, output, **options):
        sys.exit(1)


@click.command()
@click.argument("sources", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=FOLDER, help="Folder to write to; that of the first source if not given.")
@click.option("--pictures/--no-pictures", default=True)
@FORCE
def report(sources: tuple[Path, ...], output: Path | None, pictures: bool, force: bool) -> None:
    """Write report and pictures anew from results: SOURCES are folders of `reproduce`, or their results.jsonl."""
    show_log(logging.WARNING)
    files = [source / RESULTS_FILE if source.is_dir() else source for source in sources]
    if missing := [str(file) for file in files if not file.is_file()]:
        raise click.UsageError(f"{', '.join(missing)} does not exist: nothing was run there.")
    lines = [line for file in files for line in read_lines(file)]
    embeddings = {key: path for file in files for key, path in ResultsFolder(file.parent).embeddings().items()}
    folder = output or files[0].parent
    check_outputs([folder / REPORT_FILE], files, force=True)
    if not force:
        check_replaceable(folder, files, lines)
    if not lines:
        raise click.UsageError(f"{', '.join(map(str, files))}: no line is a result of `reproduce`.")
    click.echo(write_report(lines, folder, embeddings, pictures=pictures))
