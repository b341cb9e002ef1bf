"""Measure a training step of HypER at WN18RR's size: under PyKEEN, as its authors write it, and PyKEEN's ConvE.

A step is everything from one batch to the next: building the dense label rows, forward, backward and the optimizer.
Each variant runs in a process of its own (for its peak memory), the cheap ones in turns, so that they share the
machine's ups and downs. On a busy machine the processor time says more than the clock. Nothing is asserted.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import measuring
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

#: WN18RR with reciprocal relations; the batch size and dimension of HypER's paper
NUM_ENTITIES, NUM_RELATIONS, BATCH_SIZE, DIM = 40_943, 22, 128, 200
LABEL_SMOOTHING, LEARNING_RATE = 0.1, 0.001
#: Of each step: the seconds by the clock, and of all processors together
Steps = list[tuple[float, float]]


def now() -> tuple[float, float]:
    """Read the clock and the processor time, in seconds."""
    return time.perf_counter(), time.process_time()


def between(ticks: list[tuple[float, float]]) -> Steps:
    """Take the differences of successive readings."""
    return [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(ticks)]


def synthetic_triples(num_batches: int) -> Tensor:
    """Draw triples with distinct pairs of head and relation: one row of labels each."""
    generator = torch.Generator().manual_seed(0)
    size = num_batches * BATCH_SIZE
    pairs = torch.randperm(NUM_ENTITIES * NUM_RELATIONS, generator=generator)[:size]
    tails = torch.randint(NUM_ENTITIES, (size,), generator=generator)
    return torch.stack([pairs // NUM_RELATIONS, pairs % NUM_RELATIONS, tails], dim=-1)


def pykeen_steps(name: str, num_steps: int, **options: Any) -> Steps:
    """Time the steps of PyKEEN's LCWA training loop.

    :param name: the model, by name
    :param num_steps: the number of steps
    :param options: arguments of the model
    :return: the times of each step
    """
    from pykeen.datasets import get_dataset  # noqa: F401 -- finds the package's models
    from pykeen.losses import BCEWithLogitsLoss
    from pykeen.models import model_resolver
    from pykeen.training import LCWATrainingLoop
    from pykeen.training.callbacks import TrainingCallback
    from pykeen.triples import CoreTriplesFactory

    class Clock(TrainingCallback):
        """Note the time at which each batch is there."""

        def pre_batch(self, **kwargs: Any) -> None:
            ticks.append(now())

    ticks: list[tuple[float, float]] = []
    factory = CoreTriplesFactory(
        synthetic_triples(num_steps + 1), num_entities=NUM_ENTITIES, num_relations=NUM_RELATIONS
    )
    model = model_resolver.make(
        name, triples_factory=factory, embedding_dim=DIM, loss=BCEWithLogitsLoss(), random_seed=0, **options
    )
    loop = LCWATrainingLoop(
        model=model,
        triples_factory=factory,
        optimizer=torch.optim.Adam(model.get_grad_params(), lr=LEARNING_RATE),
        automatic_memory_optimization=False,
    )
    loop.train(
        factory,
        num_epochs=1,
        batch_size=BATCH_SIZE,
        label_smoothing=LABEL_SMOOTHING,
        use_tqdm=False,
        pin_memory=False,
        callbacks=Clock,
    )
    return between(ticks)


class PlainHypER(nn.Module):
    """HypER as its authors write it: a grouped convolution, probabilities."""

    def __init__(self, num_filters: int = 32, filter_length: int = 9) -> None:
        super().__init__()
        self.num_filters, self.filter_length = num_filters, filter_length
        self.entity, self.relation = nn.Embedding(NUM_ENTITIES, DIM), nn.Embedding(NUM_RELATIONS, DIM)
        self.bias = nn.Parameter(torch.zeros(NUM_ENTITIES))
        self.hypernetwork = nn.Linear(DIM, num_filters * filter_length)
        self.projection = nn.Linear(num_filters * (DIM - filter_length + 1), DIM)
        self.norm0, self.norm1, self.norm2 = nn.BatchNorm2d(1), nn.BatchNorm2d(num_filters), nn.BatchNorm1d(DIM)
        self.drop0, self.drop1, self.drop2 = nn.Dropout(0.2), nn.Dropout2d(0.2), nn.Dropout(0.3)
        nn.init.xavier_normal_(self.entity.weight)
        nn.init.xavier_normal_(self.relation.weight)

    def forward(self, h: Tensor, r: Tensor) -> Tensor:
        """Predict the probabilities of all tails."""
        size = len(h)
        x = self.drop0(self.norm0(self.entity(h).view(-1, 1, 1, DIM)))
        filters = self.hypernetwork(self.relation(r)).view(size * self.num_filters, 1, 1, self.filter_length)
        maps = functional.conv2d(x.permute(1, 0, 2, 3), filters, groups=size)
        maps = self.drop1(self.norm1(maps.view(size, self.num_filters, 1, -1)))
        hidden = self.norm2(self.drop2(self.projection(maps.view(size, -1))))
        scores = torch.mm(functional.relu(hidden), self.entity.weight.t())
        scores += self.bias.expand_as(scores)
        return torch.sigmoid(scores)


def plain_steps(num_steps: int) -> Steps:
    """Time the steps of a plain PyTorch loop.

    :param num_steps: the number of steps
    :return: the times of each step
    """
    torch.manual_seed(0)
    model = PlainHypER()
    optimizer, loss_function = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE), nn.BCELoss()
    ticks = []
    for batch in torch.split(synthetic_triples(num_steps + 1), BATCH_SIZE):
        h, r, t = batch.unbind(dim=-1)
        rows = np.zeros((len(batch), NUM_ENTITIES), dtype=np.float32)
        rows[np.arange(len(batch)), t.numpy()] = 1.0
        targets = torch.from_numpy(rows)
        # the clock of PyKEEN's loop: when the batch is there
        ticks.append(now())
        optimizer.zero_grad()
        predictions = model(h, r)
        targets = (1.0 - LABEL_SMOOTHING) * targets + 1.0 / NUM_ENTITIES
        loss = loss_function(predictions, targets)
        loss.backward()
        optimizer.step()
        loss.item()
    return between(ticks)


VARIANTS: dict[str, tuple[str, Callable[[int], Steps]]] = {
    "a": ("HypER, PyKEEN's LCWA loop", lambda n: pykeen_steps("HypER", n)),
    "b": ("HypER, plain PyTorch as its authors write it", plain_steps),
    "c": (
        "PyKEEN's ConvE, PyKEEN's LCWA loop",
        lambda n: pykeen_steps("ConvE", n, embedding_height=10, embedding_width=20),
    ),
}


def run_apart(variant: str, num_steps: int, num_threads: int) -> tuple[Steps, float]:
    """Run a variant in a process of its own.

    :param variant: its letter
    :param num_steps: the number of steps
    :param num_threads: the number of threads
    :return: the times of each step, and the peak of the process's memory in GiB
    """
    command = [sys.executable, __file__, "--one", variant, "--steps", str(num_steps), "--threads", str(num_threads)]
    # threads that wait must not count as work
    environment = {**os.environ, "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    steps, peak = json.loads(done.stdout.splitlines()[-1])
    return steps, peak


def main() -> None:
    """Measure all variants, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=12, help="steps of (a) and (b) a round, of which two warm up")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of (a) and (b), in turns")
    parser.add_argument("--conve-steps", type=int, default=2, help="steps of (c), none of which warms up; 0 for none")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--one", choices=VARIANTS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        warnings.simplefilter("ignore")
        torch.set_num_threads(arguments.threads)
        steps = VARIANTS[arguments.one][1](arguments.steps)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        sys.stdout.write(json.dumps([steps, peak]) + "\n")
        return
    results: dict[str, tuple[Steps, float]] = {"a": ([], 0.0), "b": ([], 0.0)}
    for _ in range(arguments.rounds):
        for key, (before, peak_before) in results.items():
            steps, peak = run_apart(key, arguments.steps, arguments.threads)
            results[key] = [*before, *steps[2:]], max(peak, peak_before)
    if arguments.conve_steps:
        results["c"] = run_apart("c", arguments.conve_steps, arguments.threads)
    report(results, arguments.threads)


def report(results: dict[str, tuple[Steps, float]], num_threads: int) -> None:
    """Print medians, ratios of medians, and peaks."""
    medians = {
        key: [statistics.median(times) for times in zip(*steps, strict=True)] for key, (steps, _) in results.items()
    }
    rows = []
    for key, (steps, peak) in results.items():
        ms, fastest = [f"{1e3 * s:.0f}" for s in medians[key]], f"{1e3 * min(s for s, _ in steps):.0f}"
        rows.append([f"({key}) {VARIANTS[key][0]}", ms[0], fastest, ms[1], len(steps), f"{peak:.2f}"])
    title = f"{BATCH_SIZE} pairs × {NUM_ENTITIES:,} entities × {DIM}, {num_threads} threads"
    ratios = {}
    for x, y in (("a", "b"), ("c", "a")):
        if x in medians:
            clock, processor = (a / b for a, b in zip(medians[x], medians[y], strict=True))
            ratios[f"{x}_over_{y}"] = f"{clock:.2f} by the clock, {processor:.2f} in processor time"
    measuring.report(title, ["ms per step", "fastest", "processor ms", "steps", "peak memory, GiB"], rows, **ratios)


if __name__ == "__main__":
    main()
