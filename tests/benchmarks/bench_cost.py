"""How the uniformity term's cost grows with the entities, the sampled queries and the batch: fitted exponents.

A cost which grows as x^p is a line of slope p in logarithms. Below 1 the fixed cost of a call shows.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time

import measuring
import torch

from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.streaming.logsumexp import streaming_logsumexp

#: what grows: the values of it, and the (queries, entities) of a value
SERIES = {
    "entities, 10 k to 1 M": ([10_000, 40_000, 160_000, 500_000, 1_000_000], lambda n: (102, n)),
    "α, 0.05 to 0.8 of a batch of 1,024": ([51, 102, 205, 410, 819], lambda m: (m, 40_943)),
    "batch, 256 to 8,192 at α = 0.1": ([26, 51, 102, 205, 410, 819], lambda m: (m, 40_943)),
}


def seconds(num_queries: int, num_entities: int, dim: int, repeats: int) -> float:
    """Measure forward and backward, the median."""
    torch.manual_seed(0)
    query = torch.randn(num_queries, dim).mul_(0.1).requires_grad_()
    entity = torch.randn(num_entities, dim).mul_(0.1).requires_grad_()
    times = []
    for _ in range(repeats + 1):
        query.grad = entity.grad = None
        start = time.perf_counter()
        streaming_logsumexp(query, entity, similarity="squared_distance", activation=Hanon()).mean().backward()
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def main() -> None:
    """Measure each series and fit its exponent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=7)
    arguments = parser.parse_args()
    for name, (values, shape) in SERIES.items():
        costs = [seconds(*shape(value), arguments.dim, arguments.repeats) for value in values]
        slope, _ = statistics.linear_regression([math.log(x) for x in values], [math.log(c) for c in costs])
        table = [[f"{x:,}", f"{1e3 * c:.1f}", f"{1e9 * c / x:.1f}"] for x, c in zip(values, costs, strict=True)]
        measuring.report(name, ["ms", "ns a unit"], table, exponent=round(slope, 3))


if __name__ == "__main__":
    main()
