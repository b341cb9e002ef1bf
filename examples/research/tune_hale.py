"""HaLE's settings by validation: one training of a number of epochs, one JSON line.

Not part of ``make bench``. Epochs rather than seconds, so that a busy machine changes nothing: settings are compared at
numbers of epochs that take the same time on a quiet one. The data is found as by ``dataset="WN18RR-all"``.

    python examples/research/tune_hale.py --epochs 56 --batch-size 2048 --alpha 0.05 --lr 0.015 --warmup 0.1
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import recording
import torch
from pykeen.pipeline import PipelineResult, pipeline

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator

METRICS = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_10")
#: How many training triples are ranked, too: what is far above validation is overfitting
NUM_TRAINING = 3_000


def run(arguments: argparse.Namespace) -> PipelineResult:
    """Train, and evaluate on the validation triples."""
    cosine: Mapping[str, Any] = dict(lr_scheduler="BudgetCosine", lr_scheduler_kwargs=dict(warmup=arguments.warmup))
    length: dict[str, Any] = dict(
        training_kwargs=dict(num_epochs=arguments.epochs, batch_size=arguments.batch_size, use_tqdm=False),
        training_loop_kwargs=dict(automatic_memory_optimization=False, choose=False),
    )
    if arguments.seconds:
        length["training_loop_kwargs"]["time_budget"] = arguments.seconds
        length.update(
            stopper="Timed", stopper_kwargs=dict(seconds=arguments.seconds / 5, metric=METRICS[0], use_tqdm=False)
        )
    n3: Mapping[str, Any] = dict(regularizer="N3", regularizer_kwargs=dict(weight=arguments.n3))
    return pipeline(
        dataset=arguments.dataset,
        dataset_kwargs=dict(create_inverse_triples=True),
        model=arguments.model,
        model_kwargs=dict(embedding_dim=arguments.dim, **json.loads(arguments.model_kwargs)),
        loss="HaLE",
        loss_kwargs={
            **dict(alpha=arguments.alpha, gamma=arguments.gamma, lambda_=arguments.lambda_),
            **json.loads(arguments.loss_kwargs),
        },
        training_loop="QuerySampling",
        **length,
        optimizer="Adam",
        optimizer_kwargs=dict(lr=arguments.lr),
        **({} if arguments.constant else cosine),
        **(n3 if arguments.n3 else {}),
        evaluator="IndexedRankBased",
        evaluation_kwargs=dict(use_tqdm=False),
        use_testing_data=False,
        random_seed=arguments.seed,
    )


def rank_training(result: PipelineResult) -> float:
    """Get the MRR of a sample of the training triples."""
    triples = result.training.mapped_triples
    sample = triples[torch.randperm(len(triples), generator=torch.Generator().manual_seed(1))[:NUM_TRAINING]]
    ranks = IndexedRankBasedEvaluator().evaluate(
        result.model, sample, additional_filter_triples=[triples], use_tqdm=False
    )
    return round(ranks.get_metric(METRICS[0]), 4)


def main() -> None:
    """Run one training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="WN18RR-all")
    parser.add_argument("--model", default="RotL")
    parser.add_argument("--dim", type=int, default=32)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--epochs", type=int)
    length.add_argument("--seconds", type=float, help="time of training in place of epochs: for datasets of seconds")
    parser.add_argument("--batch-size", type=int, default=1024)
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--warmup", type=float, default=0.0)
    parser.add_argument("--alpha", type=float, default=0.1)
    parser.add_argument("--gamma", type=float, default=5.0)
    parser.add_argument("--lambda", dest="lambda_", type=float, default=1.0)
    parser.add_argument("--n3", type=float, default=0.0, help="weight of the N3 regularizer")
    parser.add_argument("--constant", action="store_true", help="leave the learning rate as it is")
    parser.add_argument("--model-kwargs", default="{}", help="further arguments of the model, as JSON")
    parser.add_argument("--loss-kwargs", default="{}", help="further arguments of the loss, as JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/tune_hale.jsonl"))
    arguments = parser.parse_args()
    result = run(arguments)
    settings = {name: value for name, value in vars(arguments).items() if name != "out"}
    scores = recording.scores_of(result.get_metric)
    sys.stdout.write(recording.write_line(arguments.out, **settings, **scores, training_mrr=rank_training(result)))


if __name__ == "__main__":
    main()
