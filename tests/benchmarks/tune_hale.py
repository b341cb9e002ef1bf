"""HaLE's settings by validation: one training of a number of epochs, one JSON line.

Not part of ``make bench``. Epochs and not seconds, so that a busy machine changes nothing: settings are compared at
numbers of epochs that take the same time on a quiet one. The data is found as by ``dataset="WN18RR-all"``.

    python tests/benchmarks/tune_hale.py --epochs 56 --batch-size 2048 --alpha 0.05 --lr 0.015 --warmup 0.1
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import measuring
from pykeen.pipeline import PipelineResult, pipeline

METRICS = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_10")


def run(arguments: argparse.Namespace) -> PipelineResult:
    """Train, and evaluate on the validation triples."""
    return pipeline(
        dataset=arguments.dataset,
        dataset_kwargs=dict(create_inverse_triples=True),
        model=arguments.model,
        model_kwargs=dict(embedding_dim=arguments.dim),
        loss="HaLE",
        loss_kwargs=dict(alpha=arguments.alpha, gamma=arguments.gamma, lambda_=arguments.lambda_),
        training_loop="QuerySampling",
        training_loop_kwargs=dict(automatic_memory_optimization=False),
        training_kwargs=dict(num_epochs=arguments.epochs, batch_size=arguments.batch_size, use_tqdm=False),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=arguments.lr),
        lr_scheduler="BudgetCosine",
        lr_scheduler_kwargs=dict(warmup=arguments.warmup),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        use_testing_data=False,
        random_seed=arguments.seed,
    )


def main() -> None:
    """Run one training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="WN18RR-all")
    parser.add_argument("--model", default="RotL")
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.0)
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--gamma", type=float, default=5.0)
    parser.add_argument("--lambda", dest="lambda_", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/tune_hale.jsonl"))
    arguments = parser.parse_args()
    result = run(arguments)
    settings = {name: value for name, value in vars(arguments).items() if name != "out"}
    scores = {name: round(result.get_metric(f"both.realistic.{name}"), 4) for name in METRICS}
    sys.stdout.write(measuring.write_line(arguments.out, **settings, **scores))


if __name__ == "__main__":
    main()
