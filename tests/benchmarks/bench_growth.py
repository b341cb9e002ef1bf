"""A training step of RotL with HaLE and a sample of candidates, at WN18RR's number of entities and at Wikidata5M's.

Forward, backward and Adam for a batch of random triples, as the query-sampling loop does them: with updates of the
looked-up rows only, and of all entities. Seconds are those of the process, which other processes disturb less. Memory
is what the peak adds to what the process had before the model; in brackets what parameters and moments take.
"""

from __future__ import annotations

import argparse
import statistics
import time

import measuring
import torch
from pykeen.triples import CoreTriplesFactory

from pykeen_conj_hale.models import RotL
from pykeen_conj_hale.training import QuerySamplingTrainingLoop

WAYS = {
    "40,943 entities, all rows": (40_943, False),
    "40,943 entities, looked-up rows": (40_943, True),
    "4,600,000 entities, all rows": (4_600_000, False),
    "4,600,000 entities, looked-up rows": (4_600_000, True),
}
RELATIONS = 822


def state_mib(loop: QuerySamplingTrainingLoop) -> float:
    """Add up the memory of parameters and moments."""
    tensors = [*loop.model.parameters()]
    for state in loop.optimizer.state.values():
        tensors.extend(x for x in state.values() if isinstance(x, torch.Tensor))
    return sum(x.numel() * x.element_size() for x in tensors) / 2**20


def measure(name: str, arguments: argparse.Namespace) -> measuring.Measurement:
    """Measure the steps of one way."""
    num_entities, sparse_updates = WAYS[name]
    torch.manual_seed(0)
    before = measuring.memory("VmRSS")
    no_triples = torch.zeros(0, 3, dtype=torch.long)
    factory = CoreTriplesFactory(no_triples, num_entities, RELATIONS, create_inverse_triples=True)
    model = RotL(
        triples_factory=factory,
        embedding_dim=arguments.dim,
        loss="HaLE",
        loss_kwargs=dict(candidates=arguments.candidates, alpha=1.0),
        random_seed=0,
    )
    loop = QuerySamplingTrainingLoop(
        model=model.train(),
        triples_factory=factory,
        optimizer="Adam",
        optimizer_kwargs=dict(lr=0.01),
        sparse_updates=sparse_updates,
    )
    seconds = []
    for _ in range(10 + arguments.steps):
        columns = [torch.randint(high, (arguments.batch_size,)) for high in (num_entities, 2 * RELATIONS, num_entities)]
        batch = torch.stack(columns, dim=-1)
        start = time.process_time()
        loop.optimizer.zero_grad(set_to_none=True)
        loop._forward_pass(batch, 0, len(batch), len(batch), 0.0, None)
        loop.optimizer.step()
        loop.model.post_parameter_update()
        seconds.append(time.process_time() - start)
    return measuring.Measurement(seconds[10:], measuring.memory("VmHWM") - before, state_mib(loop))


def describe(results: dict[str, measuring.Measurement], arguments: argparse.Namespace) -> None:
    """Report the ratios to WN18RR's step, as it is done by default: with an update of all rows."""
    medians = {name: statistics.median(result.seconds) for name, result in results.items()}
    base = next(iter(medians.values()))
    table = [
        [name, f"{1e3 * s:.1f}", f"{s / base:.2f}", f"{results[name].extra:.0f} ({results[name].peak:.0f})"]
        for name, s in medians.items()
    ]
    title = f"a step of RotL, d = {arguments.dim}, batch {arguments.batch_size:,}, {arguments.candidates} candidates"
    measuring.report(title, ["ms of the process", "ratio", "memory, MiB (of it parameters and moments)"], table)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--batch-size", type=int, default=1_024)
    parser.add_argument("--candidates", type=int, default=819)
    parser.add_argument("--steps", type=int, default=100)
    measuring.main(parser, WAYS, measure, describe)
