"""One epoch of WN18RR, d = 32: query sampling with HaLE, and PyKEEN's own models and loops.

Whole epochs where they are short; for the long ones the seconds per step of ``--seconds`` seconds of training, times
the steps of an epoch. The data is found as by ``dataset="WN18RR-all"``. PyKEEN's loops get batches of 256 queries
(LCWA), or of 1,024 triples with 256 negatives each (NSSA).
"""

from __future__ import annotations

import argparse
import itertools
import logging
import math
from typing import Any

import measuring
import torch
from pykeen.datasets import Dataset, get_dataset
from pykeen.models import model_resolver
from pykeen.training import LCWATrainingLoop, TrainingLoop
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    QuerySamplingTrainingLoop,
)

LCWA = dict(loop=BudgetedLCWATrainingLoop, loss="CrossEntropy", batch_size=256)
NSSA = dict(loop=BudgetedSLCWATrainingLoop, loss="NSSA", batch_size=1_024)
# without any argument the loss would be chosen from the graph; this leaves the others at their defaults
HALE = dict(loop=QuerySamplingTrainingLoop, loss="HaLE", loss_kwargs=dict(alpha=0.1), batch_size=1_024)
#: model (32 real parameters per entity), and how it is trained
WAYS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "RotE, HaLE": ("RotE", dict(embedding_dim=32), HALE),
    "RotL, HaLE": ("RotL", dict(embedding_dim=32), HALE),
    "QueryTransE, HaLE": ("QueryTransE", dict(embedding_dim=32), HALE),
    "ConjComplEx, HaLE": (
        "ConjComplEx",
        dict(embedding_dim=16, similarity="squared_distance", relation_scale=True),
        HALE,
    ),
    "TransE, NSSA": ("TransE", dict(embedding_dim=32), NSSA),
    "RotatE, NSSA": ("RotatE", dict(embedding_dim=16), NSSA),
    "ComplEx, LCWA": ("ComplEx", dict(embedding_dim=16), LCWA),
    "DistMult, LCWA": ("DistMult", dict(embedding_dim=32), LCWA),
    "TransE, LCWA": ("TransE", dict(embedding_dim=32), LCWA),
    "RotatE, LCWA": ("RotatE", dict(embedding_dim=16), LCWA),
}


class EpochSeconds(TrainingCallback):
    """Notes the seconds of training after each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []

    def post_epoch(self, epoch: int, epoch_loss: float, **kwargs: Any) -> None:
        """Note them."""
        self.seconds.append(self.training_loop.seconds["training"])


def steps_of_an_epoch(loop: type[TrainingLoop[Any]], batch_size: int, dataset: Dataset) -> int:
    """Count the steps of an epoch: PyKEEN's LCWA has an instance a pair of head and relation."""
    triples = dataset.training._add_inverse_triples_if_necessary(dataset.training.mapped_triples)
    instances = len(triples[:, :2].unique(dim=0)) if issubclass(loop, LCWATrainingLoop) else len(triples)
    return math.ceil(instances / batch_size)


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the epochs of one way."""
    logging.disable()
    model_name, model_kwargs, how = WAYS[name]
    dataset = get_dataset(dataset="WN18RR-all", dataset_kwargs=dict(create_inverse_triples=True))
    model = model_resolver.make(
        model_name,
        model_kwargs,
        triples_factory=dataset.training,
        loss=how["loss"],
        loss_kwargs=how.get("loss_kwargs"),
        random_seed=0,
    )
    slcwa = dict(negative_sampler_kwargs=dict(num_negs_per_pos=256)) if how is NSSA else {}
    common = dict(model=model, triples_factory=dataset.training, optimizer="Adam", automatic_memory_optimization=False)
    options = dict(batch_size=how["batch_size"], use_tqdm=False)
    torch.manual_seed(0)
    if how is HALE:
        loop, watch = how["loop"](**common), EpochSeconds()

        def train() -> float:
            # the first epoch warms up
            loop.train(dataset.training, num_epochs=1 + arguments.epochs, callbacks=watch, **options)
            return 0.0

        result = measuring.measure(train, 1, warm_up=0)
        return result._replace(seconds=[b - a for a, b in itertools.pairwise(watch.seconds)])
    loop = how["loop"](time_budget=arguments.seconds, **slcwa, **common)

    def estimate() -> float:
        loop.train(dataset.training, **options)
        return loop.time_budget.elapsed / loop.num_steps * steps_of_an_epoch(how["loop"], how["batch_size"], dataset)

    return measuring.measure(estimate, 1, warm_up=0)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report seconds and ratios to the first."""
    table = [[name, f"{float(ms) / 1e3:.2f}", ratio, extra] for name, ms, _, ratio, extra in measuring.rows(results)]
    measuring.report("an epoch of WN18RR, 32 real dimensions", ["s", "ratio", "extra memory, MiB"], table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=30.0)
    measuring.main(parser, WAYS, measure, describe)
