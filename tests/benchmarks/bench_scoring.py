"""Scores of queries against all entities: QueryTransE of this package, and PyKEEN's TransE.

Both score the same queries with the same weights, without gradients, at WN18RR's number of entities. Extra memory is
the scores themselves, and what is made on the way. Where PyKEEN's tensors of queries × entities × dimensions would need
more than ``--memory``, it gets fewer queries, and both figures, which grow in proportion, are scaled up.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import measuring
import torch
from pykeen.datasets import get_dataset  # noqa: F401 -- finds the package's models
from pykeen.models import model_resolver
from pykeen.triples import KGInfo

N, R = measuring.WN18RR["num_entities"], measuring.WN18RR["num_relations"]
#: the model, the dimension, and its arguments
WAYS: dict[str, tuple[str, int, dict[str, Any]]] = {
    f"{name}, d = {dim}": (name, dim, kwargs)
    for dim in (32, 200)
    for name, kwargs in {
        "QueryTransE": dict(relation_scale=False),
        "TransE": dict(scoring_fct_norm=2, power_norm=True),
    }.items()
}
#: Tensors of queries × entities × dimensions that PyKEEN's TransE holds at once
NUM_TENSORS = 3


def measure(way: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the scores of one model."""
    name, dim, kwargs = WAYS[way]
    fitting = int(arguments.memory * 2**30 / (4 * NUM_TENSORS * N * dim))
    num_queries = max(1, min(arguments.queries, fitting)) if name == "TransE" else arguments.queries
    factor = arguments.queries / num_queries
    info = KGInfo(num_entities=N, num_relations=R, create_inverse_triples=True)
    model = model_resolver.make(name, kwargs, triples_factory=info, embedding_dim=dim, random_seed=0)
    h = torch.randint(N, (num_queries,), generator=torch.Generator().manual_seed(0))
    pairs = torch.stack([h, h % R], dim=-1)

    def run() -> float:
        start = time.perf_counter()
        model.score_t(pairs)
        return factor * (time.perf_counter() - start)

    with torch.inference_mode():
        model.eval().score_t(pairs[:1])  # what the first call loads is no part of it
        result = measuring.measure(run, arguments.repeats)
    return result._replace(extra=factor * result.extra)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report each dimension."""
    for dim in (32, 200):
        own = {name: result for name, result in results.items() if WAYS[name][1] == dim}
        if own:
            title = f"scores of {arguments.queries} queries × {N:,} entities, no gradient"
            measuring.report(title, measuring.HEADERS, measuring.rows(own))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=256)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory", type=float, default=6.0, help="GiB that TransE may need (default: %(default)s)")
    measuring.main(parser, WAYS, measure, describe)
