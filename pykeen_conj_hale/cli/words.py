"""The command ``words``."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
from click.core import ParameterSource
from tabulate import tabulate

from ..datasets import InductiveFolderDataset
from ..outputs import check_outputs
from ..text.words import EntityTexts
from ..text.words.run import output_files, run_words
from .options import COLUMNS, FILE, FOLDER, FORCE, SEED, Parsed, show_log

__all__ = ["words"]

#: The options that are arguments of the model, and their names there
OPTIONS: Final = {
    "base": "base",
    "dim": "embedding_dim",
    "own": "own",
    "prefix_fields": "prefix_fields",
    "vectors": "vectors",
}
#: Arguments of the model by which a table is read, which the command does itself, and its options for them
READ: Final = {
    "texts": "--texts",
    "text_columns": "--text-columns",
    "header": "--header",
    "quoting": "--quoting or --no-quoting",
}


def _options(text: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except ValueError:
        parsed = None
    if not isinstance(parsed, dict):
        raise ValueError(f'{text!r} must be a mapping in JSON, as {{"num_matrices": 22}}.')
    return parsed


def _check_options(options: Mapping[str, Any]) -> None:
    """Check that ``--options`` has nothing that another option says: always, or here."""
    for argument, option in READ.items():
        if argument in options:
            raise click.UsageError(f"{argument} is in --options, but texts are read before: say it by {option}.")
    context = click.get_current_context()
    for parameter, argument in OPTIONS.items():
        if argument in options and context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            option = parameter.replace("_", "-")
            raise click.UsageError(f"{argument} is in --options, and --{option} is given, too: say it once.")


@click.command()
@click.argument("triples", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--texts", type=FILE, required=True, help="Table of entities and their texts, separated by tabs.")
@click.option("--entity-column", type=int, default=0, show_default=True, help="Its column of the entity, from 0.")
@click.option("--text-columns", type=COLUMNS, default="-1", show_default=True, help="Its columns of texts, from 0.")
@click.option(
    "--header",
    type=click.Choice(["error", "drop", "keep"]),
    default="error",
    show_default=True,
    help="What becomes of a first row with names of columns.",
)
@click.option("--quoting/--no-quoting", default=True, help="Whether its fields may be quoted as in CSV.")
@click.option("-o", "--output-directory", type=FOLDER, required=True, help="For results, model, metrics and vectors.")
@click.option("--base", default="QueryTuckER", show_default=True, help="The base model.")
@click.option("--dim", type=click.IntRange(min=1), default=128, show_default=True, help="Its embedding_dim.")
@click.option("--prefix-fields", type=COLUMNS, default=None, help="Texts whose words have beginnings, from 0.")
@click.option("--own/--no-own", default=False, show_default=True, help="Whether seen entities have own vectors, too.")
@click.option("--vectors", type=FILE, help="Vectors of words as a start, in the format of GloVe or word2vec.")
@click.option("--options", type=Parsed("json", _options), default="{}", help="Further arguments of the model, as JSON.")
@click.option("--epochs", type=click.IntRange(min=1), default=15, show_default=True)
@click.option("--time-budget", type=click.FloatRange(min=0, min_open=True), help="Seconds, in place of the epochs.")
@click.option("--seed", type=SEED, default=0, show_default=True)
@click.option("--neighbours", multiple=True, help="A word or an entity, whose nearest ones are shown.")
@FORCE
def words(
    triples: Path,
    texts: Path,
    entity_column: int,
    text_columns: list[int],
    header: Any,
    quoting: bool,
    output_directory: Path,
    base: str,
    dim: int,
    prefix_fields: list[int] | None,
    own: bool,
    vectors: Path | None,
    options: Any,
    epochs: int,
    time_budget: float | None,
    seed: int,
    neighbours: tuple[str, ...],
    force: bool,
) -> None:
    """Train a model whose entities are composed of the words of their texts.

    TRIPLES is a folder with train.txt, valid.txt and test.txt. Entities that training has not are ranked, too.
    """
    show_log(logging.INFO)
    _check_options(options)
    inputs = [texts] if vectors is None else [texts, vectors]
    check_outputs(output_files(output_directory), inputs, force=force)
    known = EntityTexts.read(texts, entity_column, text_columns, header=header, quoting=quoting)
    dataset = InductiveFolderDataset(triples, create_inverse_triples=True)
    named = dict(base=base, embedding_dim=dim, own=own)
    named.update(prefix_fields=prefix_fields or [], vectors=None if vectors is None else str(vectors))
    found = run_words(
        dataset,
        known,
        output_directory,
        model_kwargs={**named, **options},
        num_epochs=epochs,
        time_budget=time_budget,
        random_seed=seed,
        inputs=inputs,
        force=force,
    )
    rows = [
        [split, group, *values.values()] for split, groups in found.metrics.items() for group, values in groups.items()
    ]
    click.echo(tabulate(rows, headers=["split", "entities", "triples", "MRR", "Hits@1", "Hits@10"], floatfmt=".3f"))
    known_tokens = found.model.word_vectors()
    for token in neighbours:
        near = "unknown"
        if token in known_tokens:
            near = ", ".join(f"{x.token} ({x.value:.2f})" for x in known_tokens.nearest(token))
        click.echo(f"{token}: {near}")
    click.echo(f"Results, model, metrics and vectors are in {output_directory}")
