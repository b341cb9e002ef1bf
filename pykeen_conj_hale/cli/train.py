"""The command ``train``."""

from __future__ import annotations

import logging
import shlex
from pathlib import Path
from typing import Any

import click

from ..datasets import Columns
from ..reproduce.selection import read_seconds
from ..wording import count
from ..workflow import TrainedModel, train_triples
from ..workflow.report import predict_command
from .columns import with_columns, with_policies
from .options import FOLDER, FORCE, SEED, Parsed, show_log
from .tables import show_metrics

__all__ = ["train"]


@click.command()
@click.argument("triples", type=click.Path(exists=True, path_type=Path))
@click.option("-o", "--output", type=FOLDER, required=True, help="The folder to write to: new, or empty.")
@click.option(
    "--seconds",
    type=Parsed("seconds", read_seconds),
    help="Time of training, seconds or HH:MM:SS; reading, validation and testing are not counted. 300 if not given, or "
    "with --resume as before.",
)
@with_columns
@click.option(
    "--holdout",
    type=float,
    default=0.1,
    show_default=True,
    help="Of one file: the share for validation, and for testing.",
)
@click.option("--model", help="A model of PyKEEN's or this package's; chosen from the graph if not given.")
@click.option("--loss", help="A loss of PyKEEN's or this package's; chosen from the graph if not given.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the split and the training.")
@click.option("--device", help="Device to train on, as cpu or cuda:0; PyKEEN's choice if not given.")
@with_policies(header="drop", duplicates="drop", leakage="drop")
@click.option("--progress/--no-progress", "use_tqdm", default=True, help="Whether to show a progress bar.")
@click.option("--resume", is_flag=True, help="Go on with an interrupted training in OUTPUT.")
@FORCE
def train(triples: Path, columns: Columns | None, **options: Any) -> None:
    """Train a model on TRIPLES, measure it, and write it to a folder with vectors and a report.

    TRIPLES is a file of head, relation and tail, which is split; or a folder with train, valid and test files. Files
    end in .txt or .tsv (tabs between), .csv, each also with .gz, or .parquet. Labels stay the text that they are.

    Model, loss and all their settings are chosen from the graph.
    """
    show_log(logging.WARNING)
    trained = train_triples(triples, columns=columns, **options)
    _tell(trained)


def _tell(trained: TrainedModel) -> None:
    facts = trained.metrics["training"]
    click.echo(
        f"{type(trained.model).__name__}: {count(trained.training.num_entities, 'entity', 'entities')}, "
        f"{count(trained.training.real_num_relations, 'relation')}, "
        f"{count(trained.training.num_triples, 'training triple')}; "
        f"{count(facts['epochs'], 'whole epoch')} in {facts['seconds']:.0f} s, ended by {facts['stop_reason']}"
    )
    click.echo(show_metrics(trained.test_metrics))
    click.echo(f"Model, vectors and report.html are in {trained.path}. Next, for example:")
    head, relation, _ = (
        trained.splits["testing"].label_triples(trained.splits["testing"].mapped_triples[:1])[0].tolist()
    )
    click.echo(f"  {shlex.join(predict_command(trained.path, head, relation))}")
