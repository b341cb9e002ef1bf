"""The uniformity term, forward and backward: streamed, written plainly, and broadcast as PyKEEN does distances.

python tests/benchmarks/bench_uniformity.py --queries 64 --entities 4600000 --dim 64 --ways streamed plain
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import measuring
import torch
from torch import Tensor

from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.streaming.logsumexp import streaming_logsumexp

ACTIVATION = Hanon()
Way = Callable[[Tensor, Tensor, Tensor], Tensor]


def streamed(query: Tensor, entity: Tensor, scale: Tensor, *, compile: bool = False) -> Tensor:
    """Stream over chunks of entities."""
    return streaming_logsumexp(
        query, entity, similarity="squared_distance", scale=scale, activation=ACTIVATION, compile=compile
    )


def compiled(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Stream over chunks of entities, with compiled passes."""
    return streamed(query, entity, scale, compile=True)


def plain(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Build the (m, n) matrix of distances by a matrix product."""
    distance = query.square().sum(-1, keepdim=True) + entity.square().sum(-1) - 2 * query @ entity.T
    return torch.logsumexp(-ACTIVATION(scale.unsqueeze(-1) * distance.clamp_min(0.0)), dim=-1)


plain_compiled = torch.compile(plain)


def broadcast(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Build the (m, n, d) tensor of differences."""
    distance = (query.unsqueeze(1) - entity).square().sum(-1)
    return torch.logsumexp(-ACTIVATION(scale.unsqueeze(-1) * distance), dim=-1)


WAYS: dict[str, Way] = {
    "streamed": streamed,
    "streamed, compiled": compiled,
    "plain": plain,
    "plain, compiled": plain_compiled,
    "broadcast": broadcast,
}


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure forward and backward of one way."""
    m, n, d = arguments.queries, arguments.entities, arguments.dim
    torch.manual_seed(0)
    query, entity, scale = torch.randn(m, d).mul_(0.1), torch.randn(n, d).mul_(0.1), torch.rand(m).add_(0.5)
    inputs = [x.requires_grad_() for x in (query, entity, scale)]
    if "compiled" in name:  # what the compiler needs is set-up
        few = [x[:1_000].detach().clone().requires_grad_() for x in inputs]
        WAYS[name](*few).mean().backward()
    entity.grad = torch.zeros_like(entity)  # the gradient is part of the parameters' memory

    def step() -> float:
        for x in inputs:
            x.grad = None
        start = time.perf_counter()
        WAYS[name](*inputs).mean().backward()
        return time.perf_counter() - start

    return measuring.measure(step, arguments.repeats)


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report the ratios to the streamed way."""
    title = f"uniformity term, {arguments.queries} × {arguments.entities:,} × {arguments.dim}"
    measuring.report(title, measuring.HEADERS, measuring.rows(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--queries", type=int, default=102)
    parser.add_argument("--entities", type=int, default=40_943)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=15)
    measuring.main(parser, WAYS, measure, describe)
