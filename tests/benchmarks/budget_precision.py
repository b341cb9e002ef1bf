"""How precisely budgets are kept: overrun in steps, and the share of wall time that is in no phase, on every loop.

python tests/benchmarks/budget_precision.py                        100 runs of a second on each loop, 8 minutes
python tests/benchmarks/budget_precision.py --runs 10 --budget 0.3
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from pykeen.datasets import get_dataset
from pykeen.models import DistMult
from pykeen.training.callbacks import TrainingCallback
from tabulate import tabulate

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.training import (
    BudgetedLCWATrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
    QuerySamplingTrainingLoop,
    TimeBudget,
    TimeBudgetMixin,
)

LOOPS: tuple[type[TimeBudgetMixin], ...] = (
    QuerySamplingTrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
)


class After(TrainingCallback):
    """Counts the steps that begin when the budget is spent already."""

    steps = 0

    def pre_batch(self, **kwargs: object) -> None:
        self.steps += self.training_loop.time_budget.is_spent


def measure(cls: type[TimeBudgetMixin], dataset: str, seconds: float) -> tuple[int, float, float, float]:
    """Train once.

    :return: steps begun after the end, overrun as a share of the mean step, share of the wall time in no phase, steps
    """
    inverse = cls is not BudgetedSymmetricLCWATrainingLoop
    training = get_dataset(dataset=dataset, dataset_kwargs={"create_inverse_triples": inverse}).training
    model = DistMult(triples_factory=training, embedding_dim=16, loss=HaLELoss(), random_seed=0)
    loop = cls(model=model, triples_factory=training, optimizer="Adam", time_budget=TimeBudget(seconds))
    after = After()
    start = time.monotonic()
    loop.train(training, batch_size=256, callbacks=after, use_tqdm=False)
    wall = time.monotonic() - start
    training_seconds = loop.seconds["training"]
    overrun = (training_seconds - seconds) / (training_seconds / loop.num_steps)
    return after.steps, overrun, 1 - sum(loop.seconds.values()) / wall, loop.num_steps


def main() -> None:
    """Measure all loops."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--budget", type=float, default=1.0)
    parser.add_argument("--dataset", default="nations")
    arguments = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for cls in LOOPS:
        runs = [measure(cls, arguments.dataset, arguments.budget) for _ in range(arguments.runs)]
        after, overrun, unreported, steps = zip(*runs, strict=True)
        rows.append([cls.get_normalized_name(), sum(steps), sum(after), max(overrun), 100 * max(unreported)])
    headers = ["loop", "steps", "begun after the end", "overrun, mean steps (max)", "% of wall time unreported (max)"]
    sys.stdout.write(tabulate(rows, headers=headers, floatfmt=".2f") + "\n")


if __name__ == "__main__":
    main()
