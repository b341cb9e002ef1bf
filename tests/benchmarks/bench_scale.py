"""Training and filtered evaluation with millions of entities: time of a step, and the memory of the whole process.

Synthetic triples; three steps of RotE with HaLE and Adam at Wikidata5M's number of entities, then the filtered ranks of
a few triples, by the pipeline. Parameters, gradients and Adam's two moments take 4 · 4 bytes a value; with a sample of
candidates a step updates looked-up rows only, and parameters and their one moment take 2 · 4.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import measuring
import torch
from pykeen.datasets.base import EagerDataset
from pykeen.pipeline import pipeline
from pykeen.triples import CoreTriplesFactory

#: the arguments of the loss, and the numbers per value of the entities
WAYS: dict[str, tuple[dict[str, Any], int]] = {
    "HaLE, all entities": (dict(alpha=64 / 1_024), 4),
    "HaLE, 819 candidates": (dict(alpha=1.0, candidates=819), 2),
}


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Train and evaluate."""
    n, r = arguments.entities, 822
    generator = torch.Generator().manual_seed(0)

    def factory(size: int, inverse: bool) -> CoreTriplesFactory:
        triples = torch.stack([torch.randint(high, (size,), generator=generator) for high in (n, r, n)], dim=-1)
        return CoreTriplesFactory(triples, num_entities=n, num_relations=r, create_inverse_triples=inverse)

    # 512 triples and their inverse ones are a batch of 1,024
    parts = [factory(512 * arguments.steps, True), factory(arguments.triples, False), factory(arguments.triples, False)]
    dataset = EagerDataset(*parts)

    def run() -> float:
        start = time.perf_counter()
        pipeline(
            dataset=dataset,
            model="RotE",
            model_kwargs=dict(embedding_dim=arguments.dim),
            loss="HaLE",
            loss_kwargs=WAYS[name][0],
            training_loop="QuerySampling",
            training_loop_kwargs=dict(automatic_memory_optimization=False),
            training_kwargs=dict(num_epochs=1, batch_size=1_024, use_tqdm=False),
            evaluator=arguments.evaluator,
            evaluation_kwargs=dict(use_tqdm=False),
            random_seed=0,
            device="cpu",
        )
        return time.perf_counter() - start

    return measuring.measure(run, 1, warm_up=0)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report seconds and peak memory."""
    value = 4 * arguments.entities * arguments.dim / 2**30
    table = [
        [name, f"{result.seconds[0]:.1f}", f"{result.peak / 1024:.2f}", f"{WAYS[name][1] * value:.2f}"]
        for name, result in results.items()
    ]
    title = f"{arguments.entities:,} entities, d = {arguments.dim}, {arguments.steps} steps, {arguments.triples} ranked"
    headers = ["s, all", "peak of the process, GiB", "parameters, gradients, moments, GiB"]
    measuring.report(title, headers, table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=4_600_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--steps", type=int, default=3)
    parser.add_argument("--triples", type=int, default=20)
    parser.add_argument("--evaluator", default="RankBased")
    measuring.main(parser, WAYS, measure, describe)
