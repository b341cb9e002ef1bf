"""The uniformity term, forward and backward: streamed, written plainly, and broadcast as PyKEEN does distances.

Prints medians, their ratios, and the peak memory of each way in a process of its own. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import torch
from tabulate import tabulate
from torch import Tensor

from pykeen_conj_hale.functional.hardness import Hanon
from pykeen_conj_hale.functional.logsumexp import streaming_logsumexp

ACTIVATION = Hanon()
Way = Callable[[Tensor, Tensor, Tensor], Tensor]


def streamed(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Stream over chunks of entities."""
    return streaming_logsumexp(query, entity, similarity="squared_distance", scale=scale, activation=ACTIVATION)


def plain(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Build the (m, n) matrix of distances by a matrix product."""
    distance = query.square().sum(-1, keepdim=True) + entity.square().sum(-1) - 2 * query @ entity.T
    return torch.logsumexp(-ACTIVATION(scale.unsqueeze(-1) * distance.clamp_min(0.0)), dim=-1)


def broadcast(query: Tensor, entity: Tensor, scale: Tensor) -> Tensor:
    """Build the (m, n, d) tensor of differences."""
    distance = (query.unsqueeze(1) - entity).square().sum(-1)
    return torch.logsumexp(-ACTIVATION(scale.unsqueeze(-1) * distance), dim=-1)


WAYS: dict[str, Way] = {"streamed": streamed, "plain": plain, "broadcast": broadcast}


def step(way: Way, inputs: list[Tensor]) -> None:
    """Run forward and backward once."""
    for x in inputs:
        x.grad = None
    way(*inputs).mean().backward()


def measure(name: str, arguments: argparse.Namespace) -> None:
    """Print the median seconds of one way, and how much memory it took beyond its inputs."""
    m, n, d = arguments.queries, arguments.entities, arguments.dim
    torch.manual_seed(0)
    inputs = [torch.randn(m, d).mul_(0.1), torch.randn(n, d).mul_(0.1), torch.rand(m).add_(0.5)]
    inputs = [x.requires_grad_() for x in inputs]
    inputs[1].grad = torch.zeros_like(inputs[1])  # the gradient is part of the parameters' memory
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = []
    for _ in range(arguments.repeats + 1):
        start = time.perf_counter()
        step(WAYS[name], inputs)
        seconds.append(time.perf_counter() - start)
    extra = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    sys.stdout.write(f"{statistics.median(seconds[1:])} {extra / 1024}\n")


def main() -> None:
    """Measure each way in turn, in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--queries", type=int, default=102)
    parser.add_argument("--entities", type=int, default=40_943)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--repeats", type=int, default=9)
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    parser.add_argument("--one", choices=WAYS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        measure(arguments.one, arguments)
        return
    results = {}
    for name in arguments.ways:
        command = [sys.executable, __file__, *sys.argv[1:], "--one", name]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        results[name] = tuple(map(float, done.stdout.split()))
    base, _ = results[arguments.ways[0]]
    rows = [
        [name, f"{1e3 * seconds:.1f}", f"{seconds / base:.1f}", f"{extra:.0f}"]
        for name, (seconds, extra) in results.items()
    ]
    title = f"uniformity term, {arguments.queries} × {arguments.entities:,} × {arguments.dim}"
    headers = [title, "ms", f"ratio to {arguments.ways[0]}", "extra memory, MiB"]
    sys.stdout.write(tabulate(rows, headers=headers, disable_numparse=True) + "\n")


if __name__ == "__main__":
    main()
