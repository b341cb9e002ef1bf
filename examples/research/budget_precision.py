"""How precisely budgets are kept: overrun in steps, and the share of wall time that is in no phase, on every loop.

python examples/research/budget_precision.py                        100 runs of a second on each loop, 8 minutes
python examples/research/budget_precision.py --runs 10 --budget 0.3
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from typing import Any

import recording
from pykeen.datasets import get_dataset
from pykeen.models import DistMult
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

LOOPS: tuple[type[TimeBudgetMixin[Any]], ...] = (
    QuerySamplingTrainingLoop,
    BudgetedSLCWATrainingLoop,
    BudgetedLCWATrainingLoop,
    BudgetedSymmetricLCWATrainingLoop,
)


def measure(cls: type[TimeBudgetMixin[Any]], dataset: str, seconds: float) -> tuple[int, float, float, float]:
    """Train once.

    :return: steps that end after the budget, overrun in mean steps, share of the wall time in no phase, steps
    """
    inverse = cls is not BudgetedSymmetricLCWATrainingLoop
    training = get_dataset(dataset=dataset, dataset_kwargs={"create_inverse_triples": inverse}).training
    model = DistMult(triples_factory=training, embedding_dim=16, loss=HaLELoss(), random_seed=0)
    loop = cls(model=model, triples_factory=training, optimizer="Adam", time_budget=TimeBudget(seconds))
    late = recording.count_late_steps(loop)
    start = time.monotonic()
    loop.train(training, batch_size=256, use_tqdm=False)
    wall = time.monotonic() - start
    training_seconds = loop.seconds["training"]
    overrun = (training_seconds - seconds) / (training_seconds / loop.num_steps)
    return sum(late), overrun, 1 - sum(loop.seconds.values()) / wall, loop.num_steps


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
        late, overrun, unreported, steps = zip(*runs, strict=True)
        rows.append([cls.get_normalized_name(), sum(steps), max(late), max(overrun), 100 * max(unreported)])
    headers = [
        "loop",
        "steps",
        "steps past the end (max)",
        "overrun, mean steps (max)",
        "% of wall time unreported (max)",
    ]
    sys.stdout.write(tabulate(rows, headers=headers, floatfmt=".2f") + "\n")


if __name__ == "__main__":
    main()
