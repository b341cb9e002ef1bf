"""The commands ``cooccurrence`` and ``joint``."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from .corpus import Cooccurrence, count_text
from .joint_run import read_configuration, run_joint

__all__ = ["cooccurrence", "joint"]

logger = logging.getLogger(__name__)

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
TARGET = click.Path(dir_okay=False, path_type=Path)


@contextmanager
def _errors() -> Iterator[None]:
    """Show errors of the input as such; the traceback is in the log at the level DEBUG."""
    try:
        yield
    except (OSError, ValueError, TypeError, ImportError) as error:
        logger.debug("Traceback of the error", exc_info=True)
        raise click.ClickException(str(error)) from error


@click.group()
def cooccurrence() -> None:
    """Count which words and entities occur together."""


@cooccurrence.command()
@click.argument("documents", nargs=-1, type=FILE)
@click.option("-o", "--output", type=TARGET, required=True, help="The npz file to write.")
@click.option("--descriptions", type=FILE, help="Table of entities and their descriptions, separated by tabs.")
@click.option("--description-columns", default="0,-1", show_default=True, help="Columns of entity and texts, from 0.")
@click.option("--mentions", type=FILE, help="Table of entities and their mentions, separated by tabs.")
@click.option("--mention-columns", default="0,1", show_default=True, help="Columns of entity and mentions, from 0.")
@click.option("--mention-separator", help="What stands between the mentions of a column; one mention if not given.")
@click.option("--held-out", type=FILE, multiple=True, help="Triples whose entities descriptions must not name.")
@click.option("--window", default=10, show_default=True, help="Largest distance of a pair.")
@click.option("--context", type=click.Choice(["symmetric", "left", "right"]), default="symmetric", show_default=True)
@click.option("--min-count", default=5, show_default=True, help="How often a word has to occur.")
@click.option("--max-vocab", type=int, help="Number of words to keep, the most frequent ones.")
@click.option("--description-weight", default=10.0, show_default=True, help="Count of a word of a description.")
@click.option("--ambiguous", type=click.Choice(["drop", "first"]), default="drop", show_default=True)
@click.option("--progress/--no-progress", "use_tqdm", default=True)
def build(output: Path, **options: Any) -> None:
    """Count DOCUMENTS, text files in UTF-8 with a document a line (also .gz), and tables of descriptions."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with _errors():
        options["description_columns"] = _columns(options["description_columns"])
        options["mention_columns"] = _columns(options["mention_columns"])
        counted = count_text(**options)
        counted.save(output)
    click.echo(f"{counted} in {output}")


def _columns(text: str) -> list[int]:
    try:
        return [int(column) for column in text.split(",")]
    except ValueError as error:
        raise ValueError(f"columns {text!r} must be whole numbers, separated by commas.") from error


@cooccurrence.command()
@click.argument("path", type=FILE)
def info(path: Path) -> None:
    """Show what is in the file PATH, and how it was counted."""
    with _errors():
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
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="For PyKEEN's results, the co-occurrences and the word vectors.",
)
def joint(path: Path, output_directory: Path) -> None:
    """Train a model jointly with text, from the configuration file PATH (JSON or YAML).

    It is a configuration of PyKEEN's pipeline, as for `pykeen experiments run`. Beside `metadata` and `pipeline`, it
    may have a part `cooccurrence`, with the options of `cooccurrence build`: the text is counted first. Paths are
    relative to the file.
    """
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    with _errors():
        configuration = read_configuration(path)
        run_joint(configuration, folder=path.parent, output_directory=output_directory)
    click.echo(f"Results, model and word vectors are in {output_directory}")
