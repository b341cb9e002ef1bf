"""One run: from triples and texts to a trained model, its ranks of seen and unseen entities, and vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import torch
from pykeen.datasets import Dataset
from pykeen.evaluation import evaluator_resolver
from pykeen.losses import loss_resolver
from pykeen.pipeline import PipelineResult, pipeline

from ...checks import check_number, check_seed
from ...defaults import choose_settings, describe_graph
from ...files import replacing
from ...outputs import hold_outputs, if_possible
from ..results import list_results
from .model import TextEntities
from .texts import EntityTexts

__all__ = ["DEFAULTS", "WordsResult", "output_files", "rank_groups", "run_words"]

#: What a run writes beside PyKEEN's results
METRICS_FILE, VECTORS_FILE = "metrics.json", "word_vectors.txt"
#: What is measured, by our names
METRICS: Final = {"mrr": "inverse_harmonic_mean_rank", "hits_at_1": "hits_at_1", "hits_at_10": "hits_at_10"}
#: What was best by validation on the inductive splits of WN18RR
DEFAULTS: Final[Mapping[str, Any]] = dict(
    model_kwargs=dict(base="QueryTuckER", embedding_dim=128),
    loss="AllNeg",
    loss_kwargs=dict(candidates=1024),
    training_loop="QuerySampling",
    optimizer="Adam",
    optimizer_kwargs=dict(lr=0.02),
    lr_scheduler="BudgetLinear",
    lr_scheduler_kwargs=dict(warmup=0.05),
    evaluator="IndexedRankBased",
)


class WordsResult(NamedTuple):
    """What came out."""

    result: PipelineResult
    model: TextEntities
    #: For validation and testing, by group of triples: their number, and each metric
    metrics: dict[str, dict[str, dict[str, float]]]


def output_files(output_directory: str | os.PathLike[str]) -> list[Path]:
    """List the files that a run writes.

    :param output_directory: the folder
    :return: the files, which need not exist; those of PyKEEN come first
    """
    return [*list_results(output_directory), *(Path(output_directory) / name for name in (METRICS_FILE, VECTORS_FILE))]


def run_words(
    dataset: Dataset,
    texts: EntityTexts,
    output_directory: str | os.PathLike[str],
    *,
    model_kwargs: Mapping[str, Any] | None = None,
    num_epochs: int = 15,
    time_budget: float | None = None,
    random_seed: int | None = None,
    inputs: Sequence[str | os.PathLike[str]] = (),
    force: bool = False,
) -> WordsResult:
    """Train a model whose entities are composed of words, rank the held-out triples, and write it all down.

    :param dataset: the triples; where training has the first ids, the others are no negatives
    :param texts: the texts of entities
    :param output_directory: for PyKEEN's results, the metrics of seen and unseen entities, and the vectors
    :param model_kwargs: arguments of :class:`TextEntities`, in place of the defaults
    :param num_epochs: the number of epochs, if there is no time budget
    :param time_budget: the seconds of training
    :param random_seed: the seed
    :param inputs: files that must not be written to
    :param force: whether to replace the results of an earlier run
    :return: the model and the metrics
    :raises OSError: if an output is there already or cannot be written
    :raises ValueError: if an argument is not allowed
    """
    # all numbers are said here: PyKEEN's own 5 epochs would mean that none was
    loop_kwargs: dict[str, Any] = dict(mode="training", choose=False)
    if time_budget is not None:
        loop_kwargs.update(time_budget=check_number("time_budget", time_budget, above=0))
    if random_seed is not None:
        random_seed = check_seed("random_seed", random_seed)
    settings = {**DEFAULTS, "model_kwargs": {**DEFAULTS["model_kwargs"], "texts": texts, **(model_kwargs or {})}}
    TextEntities.of(settings["model_kwargs"]["base"]).check_names(settings["model_kwargs"])
    batch_size = choose_settings(
        describe_graph(dataset.training), model=TextEntities, loss=loss_resolver.lookup(settings["loss"])
    ).fitting_batch_size
    output = Path(output_directory)
    with hold_outputs(output_files(output), inputs, force=force):
        result = pipeline(
            dataset=dataset,
            model="TextEntities",
            training_loop_kwargs=loop_kwargs,
            training_kwargs=dict(num_epochs=num_epochs, batch_size=batch_size),
            random_seed=random_seed,
            **settings,
        )
        assert isinstance(result.model, TextEntities)
        metrics = {"validation": rank_groups(result.model, dataset, "validation")} if dataset.validation else {}
        metrics["testing"] = rank_groups(result.model, dataset, "testing")
        # PyKEEN writes arguments down as JSON, which the texts are not
        shown = {**settings["model_kwargs"], "texts": f"{len(texts)} texts"}
        result.configuration = {**result.configuration, "model_kwargs": shown}
        with replacing(output / METRICS_FILE) as file:
            file.write(json.dumps(metrics, indent=2).encode())
        result.save_to_directory(output)
        with if_possible(output / VECTORS_FILE):
            result.model.word_vectors().save_word2vec(output / VECTORS_FILE)
    return WordsResult(result, result.model, metrics)


def rank_groups(model: TextEntities, dataset: Dataset, split: str) -> dict[str, dict[str, float]]:
    """Rank the triples of a split among all entities, filtered by all triples: those with an unseen entity apart.

    :param model: the model
    :param dataset: the dataset
    :param split: ``"validation"`` or ``"testing"``
    :return: for the groups ``"seen"``, ``"unseen"`` and ``"all"`` the number of triples, and the metrics of both
        directions; a group without triples is left out
    """
    known = [factory.mapped_triples for factory in dataset.factory_dict.values()]
    triples = dataset.factory_dict[split].mapped_triples
    seen = torch.zeros(dataset.num_entities, dtype=torch.bool)
    seen[dataset.training.mapped_triples[:, [0, 2]].flatten()] = True
    is_seen = seen[triples[:, [0, 2]]].all(dim=-1)
    found = {}
    for name, group in {"seen": triples[is_seen], "unseen": triples[~is_seen], "all": triples}.items():
        if len(group):
            evaluator = evaluator_resolver.make("IndexedRankBased")
            ranked = evaluator.evaluate(model, group, additional_filter_triples=known)
            values = {short: ranked.get_metric(f"both.realistic.{metric}") for short, metric in METRICS.items()}
            found[name] = {"triples": len(group), **values}
    return found
