"""Conjugate sharing against the unshared model: relation memory, and time of a training step with N3.

Synthetic triples of FB15k's size, where relations are many. The step is that of the conjugation paper: softmax cross
entropy over all entities of 1,000 triples, N3, Adagrad; the two of a pair alternate. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import statistics
import time

import measuring
import torch
from pykeen.losses import CrossEntropyLoss
from pykeen.models import Model
from pykeen.triples import KGInfo
from torch import Tensor

from pykeen_conj_hale.models import ConjComplEx, ConjFiveStarE, FiveStarE, QueryComplEx
from pykeen_conj_hale.regularizers import N3Regularizer

PAIRS = [(QueryComplEx, ConjComplEx), (FiveStarE, ConjFiveStarE)]


def make(cls: type[Model], arguments: argparse.Namespace) -> tuple[Model, torch.optim.Optimizer]:
    """Build a model and its optimizer."""
    info = KGInfo(num_entities=arguments.entities, num_relations=arguments.relations, create_inverse_triples=True)
    model = cls(
        triples_factory=info,
        embedding_dim=arguments.dim,
        loss=CrossEntropyLoss(),
        regularizer=N3Regularizer(weight=0.1),
        random_seed=0,
    ).to(arguments.device)
    return model, torch.optim.Adagrad(model.parameters(), lr=0.1)


def wait(device: torch.device) -> None:
    """Wait until a device has done its work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def step(model: Model, optimizer: torch.optim.Optimizer, triples: Tensor) -> float:
    """Take one training step.

    :return: its seconds
    """
    wait(triples.device)
    start = time.perf_counter()
    optimizer.zero_grad(set_to_none=True)
    loss = torch.nn.functional.cross_entropy(model.score_t(triples[:, :2]), triples[:, 2])
    (loss + model.collect_regularization_term()).backward()
    optimizer.step()
    model.post_parameter_update()
    wait(triples.device)
    return time.perf_counter() - start


def main() -> None:
    """Measure each pair side by side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=14_951)
    parser.add_argument("--relations", type=int, default=1_345, help="without inverse ones")
    parser.add_argument("--dim", type=int, default=200, help="complex dimensions of an entity")
    parser.add_argument("--batch-size", type=int, default=1_000)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--device", type=torch.device, default=torch.device("cpu"))
    arguments = parser.parse_args()
    torch.manual_seed(0)
    triples = torch.stack(
        [
            torch.randint(high, (arguments.batch_size,))
            for high in (arguments.entities, 2 * arguments.relations, arguments.entities)
        ],
        dim=-1,
    ).to(arguments.device)
    rows = []
    for pair in PAIRS:
        models = [make(cls, arguments) for cls in pair]
        seconds: list[list[float]] = [[], []]
        for _ in range(arguments.steps + 1):
            for own, (model, optimizer) in zip(seconds, models, strict=True):
                own.append(step(model, optimizer, triples))
        medians = [statistics.median(own[1:]) for own in seconds]
        sizes = [
            sum(p.numel() * p.element_size() for p in model.relation_representations.parameters())
            for model, _ in models
        ]
        for cls, median, size in zip(pair, medians, sizes, strict=True):
            rows.append(
                [
                    cls.__name__,
                    f"{size / 2**20:.1f}",
                    f"{size / sizes[0]:.3f}",
                    f"{1e3 * median:.1f}",
                    f"{median / medians[0]:.2f}",
                ]
            )
    measuring.report(
        f"cross entropy and N3, {arguments.batch_size:,} × {arguments.entities:,} × {arguments.dim} (complex)",
        ["relations, MiB", "memory ratio", "ms per step", "time ratio"],
        rows,
        peak_memory_of_the_process_with_all_four_models_MiB=round(measuring.memory("VmHWM")),
    )


if __name__ == "__main__":
    main()
