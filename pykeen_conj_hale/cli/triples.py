"""The command ``triples``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import click

from ..datasets import Columns, build_triples
from ..datasets.mapped.folder import Description
from .columns import with_columns, with_policies
from .options import FOLDER, FORCE, show_log

__all__ = ["triples"]

SOURCE = click.Path(exists=True, file_okay=False, path_type=Path)


@click.group()
def triples() -> None:
    """Make a dataset of files larger than memory."""


@triples.command()
@click.argument("folder", type=SOURCE)
@click.option("-o", "--output", type=FOLDER, required=True, help="The folder to write to: new, or empty.")
@with_columns
@with_policies(header="error", duplicates="error", leakage="keep")
@click.option(
    "--memory",
    type=click.FloatRange(min=0.25, max=2**20),
    default=4.0,
    show_default=True,
    help="Memory for sorting, in GiB; what needs more goes to the disk.",
)
@click.option("--progress/--no-progress", "use_tqdm", default=True, help="Whether to show progress bars.")
@FORCE
def build(folder: Path, output: Path, columns: Columns | None, **options: Any) -> None:
    """Give ids to the labels of FOLDER, and write triples that are mapped from the disk.

    FOLDER has train, valid and test: each a file ending in .tsv or .txt (tabs between), also with .gz, or in .parquet;
    or a folder of such files. Python reads the result by pykeen_conj_hale.datasets.MappedDataset(OUTPUT).
    """
    show_log(logging.INFO)
    about = build_triples(folder, output, columns=columns, **options)
    click.echo(f"{about} in {output}")


@triples.command()
@click.argument("folder", type=SOURCE)
def info(folder: Path) -> None:
    """Show what is in FOLDER, which `triples build` has made."""
    click.echo(f"{Description.read(folder)}")
