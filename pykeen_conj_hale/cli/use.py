"""The commands on a trained model: ``predict``, ``neighbours``, ``evaluate``, ``export``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Final

import click
import pandas as pd

from ..datasets import Columns
from ..files import replacing
from ..outputs import check_outputs
from ..workflow import load
from ..workflow.exporting import FORMATS
from ..workflow.folder import ModelFolder
from ..workflow.predicting import Question, read_questions
from .columns import with_columns
from .options import FILE, FORCE, TARGET, show_log
from .tables import show_answers, show_metrics

__all__ = ["evaluate", "export", "neighbours", "predict"]

MODEL: Final = click.argument("model", type=click.Path(exists=True, file_okay=False, path_type=Path))
DEVICE: Final = click.option("--device", help="Device to compute on, as cpu or cuda:0; PyKEEN's choice if not given.")
TOP: Final = click.option(
    "--top", type=click.IntRange(min=1), default=10, show_default=True, help="How many answers to show."
)
TABLE: Final = click.option(
    "-o", "--output", type=TARGET, help="Write a table with tabs between columns there, instead of showing it."
)


@click.command()
@MODEL
@click.option("--head", help="The label of the head.")
@click.option("--relation", help="The label of the relation.")
@click.option("--tail", help="The label of the tail.")
@click.option(
    "--questions",
    type=FILE,
    help="A file of questions: head, relation and tail with tabs between, and ? for what is asked for.",
)
@TOP
@click.option(
    "--known",
    type=click.Choice(["mark", "drop"]),
    default="mark",
    show_default=True,
    help="What becomes of triples of training, validation or testing.",
)
@TABLE
@DEVICE
@FORCE
def predict(
    model: Path,
    head: str | None,
    relation: str | None,
    tail: str | None,
    questions: Path | None,
    top: int,
    known: Any,
    output: Path | None,
    device: str | None,
    force: bool,
) -> None:
    """Find the best answers by MODEL, the folder of a trained model.

    Two of --head, --relation and --tail are given, and the third is asked for.
    """
    show_log(logging.WARNING)
    is_one = any(label is not None for label in (head, relation, tail))
    if is_one == (questions is not None):
        raise click.UsageError("Give two of --head, --relation and --tail, or --questions.")
    asked = [Question(head, relation, tail)] if questions is None else read_questions(questions)
    if output is not None:
        read = [] if questions is None else [questions]
        check_outputs([output], [*read, *ModelFolder(model).files()], force=force)
    answers = load(model, device=device).predict_all(asked, top=top, known=known)
    _show(answers.drop(columns="question") if questions is None else answers, output)


@click.command()
@MODEL
@click.option("--entity", required=True, help="The label of the entity.")
@TOP
@click.option(
    "--metric", type=click.Choice(["cosine", "euclidean"]), default="cosine", show_default=True, help="What is near."
)
@TABLE
@FORCE
def neighbours(model: Path, entity: str, top: int, metric: Any, output: Path | None, force: bool) -> None:
    """Find the entities whose vectors are nearest to that of an entity.

    MODEL is the folder of a trained model.
    """
    show_log(logging.WARNING)
    if output is not None:
        check_outputs([output], ModelFolder(model).files(), force=force)
    _show(load(model, device="cpu").neighbours(entity, top=top, metric=metric), output)


@click.command()
@MODEL
@click.argument("triples", required=False, type=FILE)
@with_columns
@DEVICE
def evaluate(model: Path, triples: Path | None, columns: Columns | None, device: str | None) -> None:
    """Measure MODEL beside the most frequent answers of each relation, on its test triples or on those of TRIPLES.

    MODEL is the folder of a trained model, TRIPLES a file as for `train`.
    """
    show_log(logging.WARNING)
    trained = load(model, device=device)
    read = None if triples is None else trained.read(triples, columns=columns)
    click.echo(show_metrics(trained.evaluate(read), "test" if triples is None else triples.name))


@click.command()
@MODEL
@click.option(
    "--format",
    "file_format",
    type=click.Choice(list(FORMATS)),
    required=True,
    help="; ".join(f"{name}: {what}" for name, (_, what, _) in FORMATS.items()) + ".",
)
@click.option("-o", "--output", type=TARGET, required=True, help="The file to write.")
@FORCE
def export(model: Path, file_format: str, output: Path, force: bool) -> None:
    """Write the vectors of MODEL, the folder of a trained model, to a file that other tools read."""
    show_log(logging.WARNING)
    check_outputs([output], ModelFolder(model).files(), force=force)
    click.echo(load(model, device="cpu").export(output, file_format, force=force))


def _show(table: pd.DataFrame, output: Path | None) -> None:
    if output is None:
        click.echo(show_answers(table))
        return
    with replacing(output) as file:
        file.write(("\t".join(table.columns) + "\n").encode())
        for row in table.itertuples(index=False):
            file.write(("\t".join(map(str, row)) + "\n").encode())
    click.echo(f"{len(table):,} rows are in {output}")
