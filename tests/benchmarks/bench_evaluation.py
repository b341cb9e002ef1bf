"""Filtered evaluation at the size of WN18RR's test split: RotE and PyKEEN's TransE, by PyKEEN's evaluator and by ours.

Random triples. PyKEEN's TransE ranks a part of them, scaled up: its time grows in proportion.
"""

from __future__ import annotations

import argparse
import logging
import time

import measuring
import torch
from pykeen.datasets import get_dataset  # noqa: F401 -- finds the package's evaluator
from pykeen.evaluation import evaluator_resolver
from pykeen.models import Model, model_resolver
from pykeen.triples import CoreTriplesFactory

N, R, T = (measuring.WN18RR[key] for key in ("num_entities", "num_relations", "num_triples"))
WAYS = {
    "RotE, IndexedRankBased": ("RotE", "IndexedRankBased", None, 1),
    "RotE, PyKEEN's RankBased, batch 32": ("RotE", "RankBased", 32, 1),
    "TransE, PyKEEN's RankBased, batch 32": ("TransE", "RankBased", 32, 16),
}


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the evaluation of one model by one evaluator."""
    logging.disable()
    model_name, evaluator_name, batch_size, share = WAYS[name]
    generator = torch.Generator().manual_seed(0)
    triples = torch.stack(
        [torch.randint(high, (T + 2 * arguments.triples,), generator=generator) for high in (N, R, N)], dim=-1
    )
    test, known = triples[: arguments.triples // share], triples[arguments.triples :]
    factory = CoreTriplesFactory(known, num_entities=N, num_relations=R, create_inverse_triples=True)
    model: Model = model_resolver.make(model_name, triples_factory=factory, embedding_dim=arguments.dim, random_seed=0)
    evaluator = evaluator_resolver.make(evaluator_name)

    def run() -> float:
        start = time.perf_counter()
        evaluator.evaluate(model, test, batch_size=batch_size, additional_filter_triples=[known], use_tqdm=False)
        return share * (time.perf_counter() - start)

    return measuring.measure(run, 1 if share > 1 else arguments.repeats, warm_up=0 if share > 1 else 1)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report the ratios to the first."""
    title = f"filtered ranks of {arguments.triples:,} triples, d = {arguments.dim}"
    measuring.report(title, measuring.HEADERS, measuring.rows(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--triples", type=int, default=3_134)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=5)
    measuring.main(parser, WAYS, measure, describe)
