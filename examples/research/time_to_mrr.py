"""The seconds of training until WN18RR's validation MRR passes a target, d = 32: this package, and the best of PyKEEN.

Not part of ``make bench``. Training stops at the first evaluation that passes ``--target``, or after ``--seconds``;
evaluation is not counted. Each run appends a JSON line with its validation curve to ``--out``. The data is found as by
``dataset="WN18RR-all"``.

    python examples/research/time_to_mrr.py --way RotL --seconds 300 --every 5
    python examples/research/time_to_mrr.py --way ComplEx --seconds 600 --every 600
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import recording
from pykeen.pipeline import pipeline

from pykeen_conj_hale.training import TimedStopper

HALE = dict(
    loss="HaLE",
    # without any argument the loss would be chosen from the graph; this leaves the others at their defaults
    loss_kwargs=dict(alpha=0.1),
    training_loop="QuerySampling",
    training_kwargs=dict(batch_size=1_024),
    optimizer="Adam",
    optimizer_kwargs=dict(lr=0.01),
)
#: What is given to the pipeline; an entity has 32 real parameters
WAYS: dict[str, dict[str, Any]] = {
    "RotL": dict(HALE, model="RotL", model_kwargs=dict(embedding_dim=32)),
    "RotE": dict(HALE, model="RotE", model_kwargs=dict(embedding_dim=32)),
    # the learning rate is the best of 0.001, 0.01 and 0.1 after 150 s
    "ComplEx": dict(
        model="ComplEx",
        model_kwargs=dict(embedding_dim=16),
        loss="CrossEntropy",
        training_loop="BudgetedLCWA",
        training_kwargs=dict(batch_size=256),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=0.1, fused=True),
    ),
    "RotatE": dict(
        model="RotatE",
        model_kwargs=dict(embedding_dim=16),
        loss="NSSA",
        training_loop="BudgetedSLCWA",
        negative_sampler_kwargs=dict(num_negs_per_pos=256),
        training_kwargs=dict(batch_size=1_024),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=0.01, fused=True),
    ),
}


def main() -> None:
    """Train one way."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--way", choices=WAYS, default="RotL")
    parser.add_argument("--target", type=float, default=0.40)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--lr", type=float, help="another learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/time_to_mrr.jsonl"))
    arguments = parser.parse_args()
    curve: list[tuple[float, float]] = []

    def watch(stopper: TimedStopper, result: float, mark: int) -> None:
        curve.append((mark * arguments.every, round(result, 4)))
        sys.stdout.write(f"{curve[-1][0]:.0f} s: {result:.4f}\n")
        sys.stdout.flush()
        stopper.stopped |= result >= arguments.target

    way = dict(WAYS[arguments.way])
    if arguments.lr is not None:
        way["optimizer_kwargs"] = {**way["optimizer_kwargs"], "lr": arguments.lr}
    result = pipeline(
        dataset="WN18RR-all",
        dataset_kwargs=dict(create_inverse_triples=True),
        # one step more than the last evaluation
        training_loop_kwargs=dict(time_budget=arguments.seconds * 1.001, automatic_memory_optimization=False),
        stopper="timed",
        stopper_kwargs=dict(seconds=arguments.every, result_callbacks=[watch], use_tqdm=False),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        use_testing_data=False,
        random_seed=arguments.seed,
        **way,
    )
    recording.write_line(
        arguments.out,
        way=arguments.way,
        target=arguments.target,
        passed_at=next((seconds for seconds, mrr in curve if mrr >= arguments.target), None),
        epochs=len(result.losses),
        curve=curve,
        seed=arguments.seed,
    )


if __name__ == "__main__":
    main()
