"""Entities composed of words: one training, one JSON line.

On an inductive split every validation and test triple has an entity that training has not. Candidates are the entities
of all splits, filtered by all triples, in both directions. With ``--base NAME --no-text`` there is no text, to compare
with on datasets like ``WN18RR-all``. The data is found by the environment variable PYKEEN_CONJ_HALE_DATASETS.

    python examples/research/compare_words.py --texts glosses.tsv.gz --epochs 14 --split testing
    python examples/research/compare_words.py --dataset FB15k237-inductive --texts entity_labels.tsv.gz --split testing

Not part of ``make bench``.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import recording
import torch
from pykeen.datasets import Dataset, get_dataset
from pykeen.datasets.base import EagerDataset
from pykeen.models import Model
from pykeen.pipeline import pipeline
from pykeen.triples import TriplesFactory
from torch import Tensor

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.nn.reflexive import irreflexive_of
from pykeen_conj_hale.text import Document, remove_overlap
from pykeen_conj_hale.training import TimedStopper

METRICS = ("inverse_harmonic_mean_rank", "hits_at_10")
#: Of the sampled softmax, and of models with words; HaLE's are those of sparse graphs
LOSSES: dict[str, dict[str, Any]] = {"AllNeg": dict(candidates=1024), "HaLE": dict(alpha=1.0, candidates=0.02)}


def train(dataset: Dataset, arguments: argparse.Namespace) -> tuple[Model, dict[str, Any]]:
    """Train one model; a single triple is evaluated, as the groups are evaluated apart.

    :return: the model, the number of its epochs and, if asked for, the curve of its validation MRR
    """
    options: dict[str, Any] = dict(embedding_dim=arguments.dim, **arguments.base_options)
    model: str = arguments.base
    loop_options: dict[str, Any] = dict(automatic_memory_optimization=False, choose=False)
    if arguments.text:
        options.update(base=model, prefix_fields=[0], **read_texts(dataset, arguments), **arguments.text_options)
        model, loop_options = "TextEntities", dict(loop_options, mode="training")
    if arguments.seconds is not None:
        loop_options.update(time_budget=arguments.seconds)
    watched: dict[str, Any] = {}
    curve: list[tuple[float, float]] = []
    if arguments.every is not None:
        callback = watch(curve, arguments.every)
        watched = dict(stopper="timed", stopper_kwargs=dict(seconds=arguments.every, result_callbacks=[callback]))
    result = pipeline(
        training=dataset.training,
        validation=dataset.validation,
        testing=dataset.testing.clone_and_exchange_triples(dataset.testing.mapped_triples[:1]),
        model=model,
        model_kwargs=options,
        loss=arguments.loss,
        loss_kwargs={**LOSSES[arguments.loss], **arguments.loss_options},
        training_loop="QuerySampling",
        training_loop_kwargs=loop_options,
        training_kwargs=dict(num_epochs=arguments.epochs, batch_size=arguments.batch_size, use_tqdm=False),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=arguments.lr),
        lr_scheduler="BudgetLinear",
        lr_scheduler_kwargs=dict(warmup=arguments.warmup),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        random_seed=arguments.seed,
        **watched,
    )
    return result.model, dict(epochs=len(result.losses), **(dict(curve=curve) if watched else {}))


def watch(curve: list[tuple[float, float]], every: float) -> Callable[[TimedStopper, float, int], None]:
    """Make a callback that appends the seconds of training, and the validation MRR then, to a curve."""
    return lambda stopper, mrr, mark: curve.append((mark * every, round(mrr, 4)))


def read_texts(dataset: Dataset, arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the texts: the table, or without the words that name an entity of a held-out triple with theirs."""
    if not arguments.without_answers:
        return dict(texts=str(arguments.texts), text_columns=[1, 2], quoting=False)
    table = pd.read_csv(arguments.texts, sep="\t", header=None, dtype=str, quoting=csv.QUOTE_NONE, na_filter=False)
    entities, names, texts = (table[column].tolist() for column in range(3))
    held_out = [
        part.triples.tolist() for part in (dataset.validation, dataset.testing) if isinstance(part, TriplesFactory)
    ]
    documents = itertools.starmap(Document, zip(texts, entities, strict=True))
    mentions = {entity: name.split(", ") for entity, name in zip(entities, names, strict=True)}
    left = [document.text for document in remove_overlap(documents, mentions, itertools.chain(*held_out))]
    return dict(texts=dict(zip(entities, zip(names, left, strict=True), strict=True)))


def evaluate(model: Model, dataset: Dataset, triples: Tensor, training: Tensor) -> dict[str, float]:
    """Evaluate triples with an unseen entity, and others, by ranks filtered by all triples, used or not."""
    assert dataset.validation is not None
    known = [training, dataset.validation.mapped_triples, dataset.testing.mapped_triples]
    seen = torch.zeros(dataset.num_entities, dtype=torch.bool)
    seen[dataset.training.mapped_triples[:, [0, 2]].flatten()] = True
    is_seen = seen[triples[:, [0, 2]]].all(dim=-1)
    line: dict[str, float] = {}
    for name, group in (("seen", triples[is_seen]), ("unseen", triples[~is_seen]), ("all", triples)):
        if len(group):
            evaluator = IndexedRankBasedEvaluator()
            result = evaluator.evaluate(model, group, additional_filter_triples=known, batch_size=256, use_tqdm=False)
            line.update({f"{name}_{m}": round(result.get_metric(f"both.realistic.{m}"), 4) for m in METRICS})
    return line


def run(arguments: argparse.Namespace) -> dict[str, Any]:
    """Train and evaluate."""
    dataset = get_dataset(dataset=arguments.dataset, dataset_kwargs=dict(create_inverse_triples=True))
    full = dataset.training
    if arguments.share < 1:
        assert isinstance(full, TriplesFactory)
        reduced = recording.keep_share(full, arguments.share, arguments.seed)
        dataset = EagerDataset(reduced, dataset.testing, dataset.validation)
    start = time.process_time()
    model, facts = train(dataset, arguments)
    facts.update(cpu_seconds=round(time.process_time() - start), parameters=model.num_parameters)
    assert dataset.validation is not None
    triples = (dataset.testing if arguments.split == "testing" else dataset.validation).mapped_triples
    if arguments.triples is not None:
        generator = torch.Generator().manual_seed(1)
        triples = triples[torch.randperm(len(triples), generator=generator)[: arguments.triples]]
    figures = evaluate(model, dataset, triples, full.mapped_triples)
    if irreflexive_of(model) is not None:
        # the same model without its rule about a query's own entity
        model.register_buffer("irreflexive", None)
        without = evaluate(model, dataset, triples, full.mapped_triples)
        figures.update({f"{name}_without_rule": value for name, value in without.items()})
    return dict(facts, evaluated=len(triples), **figures)


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", default="WN18RR-inductive")
    parser.add_argument("--texts", type=Path, required="--no-text" not in sys.argv, help="columns: entity, name, text")
    parser.add_argument(
        "--without-answers",
        action="store_true",
        help="take the names of entities out of the texts of those that a validation or test triple connects them with",
    )
    parser.add_argument("--text", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--base", default="QueryTuckER")
    parser.add_argument("--base-options", type=json.loads, default={}, help="as JSON")
    parser.add_argument("--text-options", type=json.loads, default={}, help="as JSON")
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--loss", choices=LOSSES, default="AllNeg")
    parser.add_argument("--loss-options", type=json.loads, default={}, help="as JSON")
    parser.add_argument("--lr", type=float, default=0.02)
    parser.add_argument("--warmup", type=float, default=0.05)
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--seconds", type=float, help="in place of the epochs")
    parser.add_argument(
        "--every", type=float, help="seconds between evaluations of the validation triples, for a curve"
    )
    parser.add_argument("--split", choices=["validation", "testing"], default="validation")
    parser.add_argument("--share", type=float, default=1.0, help="of the training triples that are used")
    parser.add_argument("--triples", type=int, help="evaluate a sample of so many")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/words.jsonl"))
    return parser.parse_args(arguments)


def main() -> None:
    """Run one cell."""
    arguments = parse()
    names = (
        "dataset",
        "text",
        "without_answers",
        "share",
        "base",
        "base_options",
        "text_options",
        "dim",
        "loss",
        "loss_options",
        "lr",
        "seconds",
        "split",
        "seed",
    )
    facts = {name: getattr(arguments, name) for name in names}
    sys.stdout.write(recording.write_line(arguments.out, **facts, **run(arguments)))


if __name__ == "__main__":
    main()
