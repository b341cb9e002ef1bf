"""A step of PyKEEN's own models under query sampling, on WN18RR: HaLE with all entities, and with a sample of them.

With all entities a tenth of the queries is compared (α = 0.1, HaLE's default); with a sample of 2 % all queries are
(α = 1). Batches of 1,024 triples, 32 real numbers per entity, Adam. Seconds are those of the process, which other
processes disturb less. The data is found as by ``dataset="WN18RR-all"``.
"""

from __future__ import annotations

import argparse
import logging
import math
import statistics
import time
from typing import Any

import measuring
import torch
from pykeen.datasets import get_dataset
from pykeen.models import model_resolver

from pykeen_conj_hale.training import QuerySamplingTrainingLoop

MODELS: dict[str, dict[str, Any]] = {
    "TransE": dict(embedding_dim=32),
    "RotatE": dict(embedding_dim=16),
    "ComplEx": dict(embedding_dim=16),
    "DistMult": dict(embedding_dim=32),
    "TuckER": dict(embedding_dim=32),
    "ConvE": dict(embedding_dim=32, embedding_height=4, embedding_width=8),
    "NodePiece": dict(embedding_dim=32),
}
LOSSES: dict[str, dict[str, Any]] = {
    "all": dict(candidates="all", alpha=0.1),
    "2 %": dict(candidates=0.02, alpha=1.0),
}
BATCH_SIZE = 1_024


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the steps of one way."""
    logging.disable()
    model_name, candidates = name.split(", ")
    training = get_dataset(dataset="WN18RR-all", dataset_kwargs=dict(create_inverse_triples=True)).training
    model = model_resolver.make(
        model_name,
        MODELS[model_name],
        triples_factory=training,
        loss="HaLE",
        loss_kwargs=LOSSES[candidates],
        random_seed=0,
    )
    loop = QuerySamplingTrainingLoop(model=model.train(), triples_factory=training, optimizer="Adam")
    torch.manual_seed(0)
    triples = training._add_inverse_triples_if_necessary(training.mapped_triples)
    batches = iter(triples[torch.randperm(len(triples))].split(BATCH_SIZE))

    def step() -> float:
        batch = next(batches)
        start = time.process_time()
        loop.optimizer.zero_grad(set_to_none=True)
        loop._forward_pass(batch, 0, len(batch), len(batch), 0.0, None)
        loop.optimizer.step()
        model.post_parameter_update()
        return time.process_time() - start

    return measuring.measure(step, arguments.steps)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report both steps of each model, and the epochs that they make."""
    steps = math.ceil(2 * measuring.WN18RR["num_triples"] / BATCH_SIZE)
    medians = {name: statistics.median(result.seconds) for name, result in results.items()}
    table = []
    for model in MODELS:
        times = [medians.get(f"{model}, {candidates}", math.nan) for candidates in LOSSES]
        memory = [results[name].extra if name in results else math.nan for name in (f"{model}, {c}" for c in LOSSES)]
        numbers = [*(1e3 * s for s in times), *(steps * s for s in times), *memory]
        table.append([model, *(f"{number:,.0f}" for number in numbers)])
    columns = [f"{what}, {c}" for what in ("ms per step", "s per epoch", "extra memory, MiB") for c in LOSSES]
    measuring.report("WN18RR, 32 real dimensions, candidates", columns, table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=5)
    ways = [f"{model}, {candidates}" for model in MODELS for candidates in LOSSES]
    measuring.main(parser, ways, measure, describe)
