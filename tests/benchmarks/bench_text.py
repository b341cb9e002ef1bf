"""What joint training with text adds to a training step, in every loop, at WN18RR's size and at random.

Prints medians of whole steps (forward, backward, optimizer), the same model with and without text in turn. Nothing is
asserted.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import statistics
import sys
import time
from typing import Any

import numpy as np
import scipy.sparse
import torch
from pykeen.models import Model, model_resolver
from pykeen.training import TrainingLoop, training_loop_resolver
from pykeen.training.callbacks import TrainingCallback
from pykeen.triples import TriplesFactory
from tabulate import tabulate

from pykeen_conj_hale.text import Cooccurrence

#: Triples of a batch in each loop; those of LCWA score all entities
BATCH_SIZES = {"QuerySampling": 1024, "LCWA": 256, "SymmetricLCWA": 64, "sLCWA": 256}


class Clock(TrainingCallback):
    """Notes when each step begins and ends; the optimizer's step is in between."""

    def __init__(self, steps: int) -> None:
        super().__init__()
        self.steps, self.times = steps, [time.perf_counter()]

    def pre_batch(self, **kwargs: Any) -> None:
        """Note the time, and end the training after enough steps."""
        self.times.append(time.perf_counter())
        if len(self.times) > self.steps + 2:
            raise StopIteration


def make_graph(arguments: argparse.Namespace, inverse: bool) -> TriplesFactory:
    """Draw triples."""
    rng = np.random.default_rng(0)
    n, r = arguments.entities, 11
    triples = np.stack([rng.integers(size, size=86_835) for size in (n, r, n)], axis=-1)
    return TriplesFactory(
        mapped_triples=torch.from_numpy(triples),
        entity_to_id={f"e{i}": i for i in range(n)},
        relation_to_id={f"r{i}": i for i in range(r)},
        create_inverse_triples=inverse,
    )


def make_text(arguments: argparse.Namespace) -> Cooccurrence:
    """Draw co-occurrences of all entities and words, frequent ones more often."""
    rng = np.random.default_rng(0)
    n, m = arguments.entities, arguments.words
    size = n + m
    popular = (rng.random(arguments.pairs) ** 3 * m).astype(np.int64) + n
    rows = np.concatenate([rng.integers(size, size=arguments.pairs - n), np.arange(n)])
    counts = rng.pareto(1.0, size=arguments.pairs) + 0.1
    matrix = scipy.sparse.coo_array((counts, (rows, popular)), shape=(size, size)).tocsr()
    words = [f"w{i}" for i in range(m)]
    return Cooccurrence([f"e{i}" for i in range(n)], words, np.ones(size, dtype=np.int64), matrix)


def make_model(
    name: str, joint: bool, graph: TriplesFactory, text: Cooccurrence, arguments: argparse.Namespace
) -> Model:
    """Make the model, with or without text."""
    kwargs = dict(triples_factory=graph, embedding_dim=arguments.dim, loss="HaLE", random_seed=0)
    if not joint:
        return model_resolver.make(name, **kwargs)
    return model_resolver.make(
        "JointGloVe", base=name, cooccurrence=text, text_batch_size=arguments.text_batch_size, **kwargs
    )


def measure(loop: str, model: Model, graph: TriplesFactory, steps: int) -> float:
    """Measure the median seconds of a step."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01, fused=True)
    instance: TrainingLoop = training_loop_resolver.make(
        loop, model=model, triples_factory=graph, optimizer=optimizer, automatic_memory_optimization=False
    )
    clock = Clock(steps)
    with contextlib.suppress(StopIteration):
        instance.train(
            graph, num_epochs=10**6, batch_size=BATCH_SIZES[loop], use_tqdm=False, callbacks=clock, num_workers=0
        )
    return statistics.median(np.diff(clock.times)[2:])


def main() -> None:
    """Measure each loop with and without text."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--entities", type=int, default=40_943)
    parser.add_argument("--words", type=int, default=10_000)
    parser.add_argument("--pairs", type=int, default=2_600_000)
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--text-batch-size", type=int, default=4096)
    parser.add_argument("--model", default="RotE")
    parser.add_argument("--loops", nargs="+", choices=BATCH_SIZES, default=list(BATCH_SIZES))
    parser.add_argument("--steps", type=int, default=15)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    text, rows = make_text(arguments), []
    for loop in arguments.loops:
        graph = make_graph(arguments, inverse=loop != "SymmetricLCWA")
        times: dict[bool, list[float]] = {False: [], True: []}
        for _ in range(arguments.rounds):
            for joint, found in times.items():
                model = make_model(arguments.model, joint, graph, text, arguments)
                found.append(measure(loop, model, graph, arguments.steps))
        without, joined = (min(found) for found in times.values())
        added = joined - without
        rows.append(
            [loop, BATCH_SIZES[loop], *(f"{1e3 * x:.1f}" for x in (without, joined, added)), f"{added / without:+.0%}"]
        )
    headers = [f"{arguments.model}, d = {arguments.dim}", "batch", "without, ms", "with text, ms", "added, ms", "added"]
    sys.stdout.write(tabulate(rows, headers=headers, disable_numparse=True) + "\n")


if __name__ == "__main__":
    main()
