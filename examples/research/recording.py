"""What the research scripts share: the names they say, ranks, a line of results, steps that end after their budget."""

from __future__ import annotations

import json
import platform
import shlex
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import torch
from pykeen.datasets import get_dataset
from pykeen.evaluation import MetricResults
from pykeen.models import Model
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.files import append_json_line
from pykeen_conj_hale.training import TimeBudgetMixin
from pykeen_conj_hale.training.budget.run import Run

METRICS = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_10")


def names_of(dataset: str, model: str, loss: str, seed: int) -> dict[str, Any]:
    """Say the names of a training, as arguments of PyKEEN's pipeline, and no number but the seed.

    :param dataset: the name of the dataset, which gets inverse triples
    :param model: the name of the model
    :param loss: the name of the loss
    :param seed: the seed
    :return: the arguments
    """
    return dict(
        dataset=dataset,
        dataset_kwargs=dict(create_inverse_triples=True),
        model=model,
        loss=loss,
        training_loop="QuerySampling",
        evaluator="IndexedRankBased",
        random_seed=seed,
    )


def rank(model: Model, dataset: str, split: str) -> MetricResults[Any]:
    """Rank the triples of a split, filtered by those of all splits, as the literature does.

    PyKEEN's pipeline leaves the test triples in where it ranks those of validation: many of a dense graph's answers.

    :param model: the model
    :param dataset: the name of its dataset
    :param split: ``"validation"`` or ``"testing"``
    :return: the results
    """
    splits = get_dataset(dataset=dataset, dataset_kwargs=dict(create_inverse_triples=True)).factory_dict
    others = [factory.mapped_triples for name, factory in splits.items() if name != split]
    return IndexedRankBasedEvaluator().evaluate(
        model, splits[split].mapped_triples, additional_filter_triples=others, use_tqdm=False
    )


def scores_of(get_metric: Callable[[str], float], names: Iterable[str] = METRICS) -> dict[str, float]:
    """Round the metrics that are recorded.

    :param get_metric: gets a metric by its whole name
    :param names: the metrics
    :return: their values by their names
    """
    return {name: round(get_metric(f"both.realistic.{name}"), 4) for name in names}


def write_line(path: Path, **facts: Any) -> str:
    """Append facts to a file, with the command that found them, and where.

    :param path: the file, of one JSON object per line
    :param facts: what was found
    :return: the line, in a form to read
    """
    line = dict(
        facts,
        command=shlex.join(["python", f"examples/research/{Path(sys.argv[0]).name}", *sys.argv[1:]]),
        threads=torch.get_num_threads(),
        torch=torch.__version__,
        machine=platform.machine(),
    )
    append_json_line(path, line)
    return json.dumps(line, indent=2) + "\n"


def keep_share(training: TriplesFactory, share: float, seed: int) -> TriplesFactory:
    """Keep a random share of training triples, with all ids.

    :param training: the training triples
    :param share: the share, in (0, 1]
    :param seed: what the draw depends on
    :return: the triples that are kept, in their order
    """
    order = torch.randperm(training.num_triples, generator=torch.Generator().manual_seed(seed))
    kept = order[: round(share * training.num_triples)].sort().values
    return training.clone_and_exchange_triples(training.mapped_triples[kept])


def count_late_steps(loop: TimeBudgetMixin[Any]) -> list[bool]:
    """Note for each step whether the budget is spent when it ends: for one step it should be.

    :param loop: the loop; its runs are told from others by their budget
    :return: a list that grows
    """
    late: list[bool] = []
    after_step = Run.after_step

    def note(self: Run) -> bool:
        if self.budget is loop.time_budget:
            late.append(self.is_spent)
        return after_step(self)

    Run.after_step = note  # type: ignore[method-assign]
    return late
