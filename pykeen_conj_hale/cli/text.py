"""The commands ``cooccurrence`` and ``joint``."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ..outputs import check_outputs, hold_outputs
from ..text.corpus import Cooccurrence, count_text
from ..text.joint_configuration import read_configuration
from ..text.joint_run import output_files, run_joint
from .options import COLUMNS, FILE, FOLDER, FORCE, TARGET, show_log

__all__ = ["cooccurrence", "joint"]


@click.group()
def cooccurrence() -> None:
    """Count which words and entities occur together."""


@cooccurrence.command()
@click.argument("documents", nargs=-1, type=FILE)
@click.option("-o", "--output", type=TARGET, required=True, help="The npz file to write.")
@click.option("--descriptions", type=FILE, help="Table of entities and their descriptions, separated by tabs.")
@click.option(
    "--description-columns",
    type=COLUMNS,
    default="0,-1",
    show_default=True,
    help="Columns of entity and texts, from 0.",
)
@click.option("--mentions", type=FILE, help="Table of entities and their mentions, separated by tabs.")
@click.option(
    "--mention-columns", type=COLUMNS, default="0,1", show_default=True, help="Columns of entity and mentions, from 0."
)
@click.option("--mention-separator", help="What stands between the mentions of a column; one mention if not given.")
@click.option(
    "--header",
    type=click.Choice(["error", "drop", "keep"]),
    default="error",
    show_default=True,
    help="What becomes of a first row of these tables with names of columns.",
)
@click.option("--quoting/--no-quoting", default=True, help="Whether fields of these tables may be quoted as in CSV.")
@click.option("--held-out", type=FILE, multiple=True, help="Triples whose entities descriptions must not name.")
@click.option("--window", type=click.IntRange(min=1), default=10, show_default=True, help="Largest distance of a pair.")
@click.option("--context", type=click.Choice(["symmetric", "left", "right"]), default="symmetric", show_default=True)
@click.option(
    "--min-count", type=click.IntRange(min=1), default=5, show_default=True, help="How often a word has to occur."
)
@click.option("--max-vocab", type=click.IntRange(min=1), help="Number of words to keep, the most frequent ones.")
@click.option(
    "--description-weight",
    type=click.FloatRange(min=0),
    default=10.0,
    show_default=True,
    help="Count of a word of a description.",
)
@click.option("--ambiguous", type=click.Choice(["drop", "first"]), default="drop", show_default=True)
@click.option("--progress/--no-progress", "use_tqdm", default=True)
@FORCE
def build(output: Path, force: bool, **options: Any) -> None:
    """Count DOCUMENTS, text files in UTF-8 with one document per line (also .gz), and tables of descriptions."""
    show_log(logging.INFO)
    inputs = [*options["documents"], *options["held_out"], options["descriptions"], options["mentions"]]
    with hold_outputs([output], filter(None, inputs), force=force):
        counted = count_text(**options)
        counted.save(output)
    click.echo(f"{counted} in {output}")


@cooccurrence.command()
@click.argument("path", type=FILE)
def info(path: Path) -> None:
    """Show what is in the file PATH, and how it was counted."""
    counted = Cooccurrence.load(path)
    settings: Mapping[str, Any] = {**counted.settings, "fingerprint": counted.fingerprint()}
    click.echo(f"{counted}")
    for name, value in settings.items():
        click.echo(f"  {name}: {value}")


@click.command()
@click.argument("path", type=FILE)
@click.option(
    "-o",
    "--output-directory",
    type=FOLDER,
    required=True,
    help="For PyKEEN's results, the co-occurrences and the word vectors.",
)
@FORCE
def joint(path: Path, output_directory: Path, force: bool) -> None:
    """Train a model jointly with text, from the configuration file PATH (JSON or YAML).

    It is a configuration of PyKEEN's pipeline, as for `pykeen experiments run`. Beside `metadata` and `pipeline`, it
    may have a part `cooccurrence`, with the options of `cooccurrence build`: the text is counted first.

    Paths of the text, the triples (`training`, `testing`, `validation`; in `dataset_kwargs`, `path` and
    `training_path`, …) and `model_kwargs.cooccurrence` are relative to the file, or else to the working directory;
    other paths are as PyKEEN takes them.
    """
    show_log(logging.INFO)
    check_outputs(output_files(output_directory), [path], force=force)
    run_joint(read_configuration(path), folder=path.parent, output_directory=output_directory, force=force)
    click.echo(f"Results, model and word vectors are in {output_directory}")
