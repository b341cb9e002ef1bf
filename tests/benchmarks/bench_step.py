"""One training step of RotE with HaLE at WN18RR's size: this package's loop, and the same step written plainly.

Forward, backward and Adam for a batch of triples. The plain step is what a careful author would write with PyTorch:
lookups, one matrix product for the distances, the activation, ``torch.logsumexp``. ``--profile`` says where the time
goes instead.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable

import measuring
import torch
from pykeen.triples import CoreTriplesFactory
from torch import Tensor, nn
from torch.nn import functional

from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.pykeen_internals import all_rows
from pykeen_conj_hale.streaming.activations import Hanon
from pykeen_conj_hale.training import QuerySamplingTrainingLoop

N, R = measuring.WN18RR["num_entities"], 2 * measuring.WN18RR["num_relations"]


def triples(num_triples: int) -> Tensor:
    """Draw triples with the ids of WN18RR."""
    generator = torch.Generator().manual_seed(0)
    columns = [torch.randint(high, (num_triples,), generator=generator) for high in (N, R, N)]
    return torch.stack(columns, dim=-1)


class PlainRotE(nn.Module):
    """RotE and HaLE, written plainly."""

    def __init__(self, dim: int, alpha: float) -> None:
        super().__init__()
        self.alpha, self.activation = alpha, Hanon()
        self.entity = nn.Parameter(torch.randn(N, dim) * 0.1)
        self.angle = nn.Parameter(torch.randn(R, dim // 2))
        self.translation = nn.Parameter(torch.randn(R, dim) * 0.1)
        self.scale = nn.Parameter(torch.zeros(R))

    def forward(self, batch: Tensor) -> Tensor:
        """Compute the loss of a batch."""
        h, r, t = batch.unbind(dim=-1)
        x, y = self.entity[h].view(len(h), -1, 2).unbind(dim=-1)
        cos, sin = self.angle[r].cos(), self.angle[r].sin()
        query = torch.stack([cos * x - sin * y, sin * x + cos * y], dim=-1).flatten(start_dim=1) + self.translation[r]
        scale = functional.softplus(self.scale[r])
        positive = scale * (query - self.entity[t]).square().sum(dim=-1)
        rows = torch.randperm(len(batch))[: round(self.alpha * len(batch))]
        query, scale = query[rows], scale[rows]
        distance = query.square().sum(-1, keepdim=True) + self.entity.square().sum(-1) - 2 * query @ self.entity.T
        negative = scale.unsqueeze(-1) * distance.clamp_min(0.0)
        uniformity = torch.logsumexp(-self.activation(negative), dim=-1).mean()
        return self.activation(positive).square().mean() + uniformity


def plain_step(arguments: argparse.Namespace) -> Callable[[Tensor], None]:
    """Make the plain step."""
    model = PlainRotE(arguments.dim, arguments.alpha)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)

    def step(batch: Tensor) -> None:
        optimizer.zero_grad()
        loss = model(batch)
        if not torch.isfinite(loss):
            raise RuntimeError("the loss is not finite")
        loss.backward()
        optimizer.step()
        loss.item()

    return step


def make_loop(arguments: argparse.Namespace, compile: bool = False) -> QuerySamplingTrainingLoop:
    """Make the query-sampling loop of RotE."""
    # the triples of the graph itself; those of a step are of both directions
    graph = triples(arguments.batch_size).remainder(torch.tensor([N, R // 2, N]))
    factory = CoreTriplesFactory(graph, num_entities=N, num_relations=R // 2, create_inverse_triples=True)
    model = RotE(
        triples_factory=factory, embedding_dim=arguments.dim, loss="HaLE", loss_kwargs=dict(alpha=arguments.alpha)
    )
    return QuerySamplingTrainingLoop(
        model=model.train(), triples_factory=factory, optimizer="Adam", optimizer_kwargs=dict(lr=0.01), compile=compile
    )


def loop_step(arguments: argparse.Namespace, compile: bool = False) -> Callable[[Tensor], None]:
    """Make the step of the query-sampling loop, as the loop does it."""
    loop = make_loop(arguments, compile)
    loop.terms.warm_up(arguments.batch_size)

    def step(batch: Tensor) -> None:
        loop.optimizer.zero_grad(set_to_none=True)
        loop._forward_pass(batch, 0, len(batch), len(batch), 0.0, None)
        loop.optimizer.step()
        loop.model.post_parameter_update()

    return step


WAYS: dict[str, Callable[[argparse.Namespace], Callable[[Tensor], None]]] = {
    "the loop": loop_step,
    "the loop, compiled": lambda arguments: loop_step(arguments, compile=True),
    "written plainly": plain_step,
}


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the steps of one way."""
    torch.manual_seed(0)
    step = WAYS[name](arguments)
    batches = iter(triples(arguments.batch_size * (arguments.steps + 10)).split(arguments.batch_size))
    return measuring.measure(lambda: step(next(batches)), arguments.steps, warm_up=10)


def profile(arguments: argparse.Namespace) -> None:
    """Report the median milliseconds of each part of the loop's step, run one after the other."""
    torch.manual_seed(0)
    loop = make_loop(arguments)
    model, loss = loop.model, loop.loss
    interaction = model.interaction
    times: dict[str, list[float]] = {}

    def timed(name: str, start: float) -> float:
        now = time.perf_counter()
        times.setdefault(name, []).append(now - start)
        return now

    for batch in triples(arguments.batch_size * (arguments.steps + 10)).split(arguments.batch_size):
        loop.optimizer.zero_grad(set_to_none=True)
        start = time.perf_counter()
        h, r, t = batch.unbind(dim=-1)
        heads, relations, tails = model._get_representations(h=h, r=r, t=t, mode=None)
        query = interaction.encode_query(heads, relations)
        start = timed("lookups and queries, forward", start)
        alignment = loss.alignment(interaction.compare(query, interaction.encode_target(tails)))
        rows = loss.sample_queries(len(batch), batch.device)
        sampled = type(query)(query.vector[rows].detach().requires_grad_(), query.scale[rows].detach().requires_grad_())
        start = timed("alignment and sampling, forward", start)
        target = interaction.encode_target(all_rows(model.entity_representations[0]))
        uniformity = interaction.logsumexp(sampled, target, activation=loss.activation).mean()
        start = timed("uniformity, forward", start)
        uniformity.backward()
        start = timed("uniformity, backward", start)
        alignment.backward()
        start = timed("alignment, queries and lookups, backward", start)
        loop.optimizer.step()
        timed("Adam, fused", start)
    medians = {name: sorted(seconds[10:])[len(seconds[10:]) // 2] for name, seconds in times.items()}
    total = sum(medians.values())
    table = [[name, f"{1e3 * s:.2f}", f"{100 * s / total:.0f} %"] for name, s in medians.items()]
    measuring.report("part of a step", ["ms", "share"], [*table, ["sum", f"{1e3 * total:.2f}", ""]])


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report the ratios to the loop."""
    title = f"a step of RotE, d = {arguments.dim}, batch {arguments.batch_size:,}, α = {arguments.alpha}"
    measuring.report(title, measuring.HEADERS, measuring.rows(results))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--batch-size", type=int, default=1_024)
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--profile", action="store_true")
    if "--profile" in sys.argv:
        profile(parser.parse_args())
    else:
        measuring.main(parser, WAYS, measure, describe)
