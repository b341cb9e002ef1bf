"""Settings of small graphs by validation: one training of a number of epochs, one JSON line.

Not part of ``make bench``. Epochs rather than seconds, so that a busy machine changes nothing; the seconds of the
process's own time tell what a setting costs. What is given goes to PyKEEN's pipeline.

    python examples/research/small_graphs.py kinships --epochs 100 --batch-size 512 --n3 0.1 \
        --optimizer Adagrad --lr 0.1 --constant --settings '{"model": "ConjComplEx", "loss": "AllNeg"}'
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import recording
from pykeen.pipeline import PipelineResult, pipeline


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Put the arguments of the pipeline together."""
    settings: dict[str, Any] = dict(
        recording.names_of(arguments.dataset, arguments.model, arguments.loss, arguments.seed),
        model_kwargs=dict(embedding_dim=arguments.dim),
        training_kwargs=dict(num_epochs=arguments.epochs, batch_size=arguments.batch_size, use_tqdm=False),
        training_loop_kwargs=dict(automatic_memory_optimization=False, choose=False),
        optimizer=arguments.optimizer,
        optimizer_kwargs=dict(lr=arguments.lr),
        evaluation_kwargs=dict(use_tqdm=False),
        use_testing_data=arguments.test,
    )
    if not arguments.constant:
        settings.update(lr_scheduler="BudgetCosine", lr_scheduler_kwargs=dict(warmup=0.1))
    if arguments.n3:
        settings.update(regularizer="N3", regularizer_kwargs=dict(weight=arguments.n3))
    for name, value in json.loads(arguments.settings).items():
        settings[name] = {**settings.get(name, {}), **value} if isinstance(value, dict) else value
    return settings


def run(arguments: argparse.Namespace) -> tuple[PipelineResult, float]:
    """Train and evaluate; the seconds are those of the process, training only by far the most of them."""
    start = time.process_time()
    result = pipeline(**settings_of(arguments))
    return result, time.process_time() - start


def main(argv: Sequence[str] | None = None) -> None:
    """Run one training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--model", default="ConjComplEx")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--loss", default="AllNeg")
    parser.add_argument("--epochs", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=512)
    parser.add_argument("--optimizer", default="Adam")
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--constant", action="store_true", help="leave the learning rate as it is")
    parser.add_argument("--n3", type=float, default=0.0, help="weight of the N3 regularizer")
    parser.add_argument("--settings", default="{}", help="further arguments of the pipeline, as JSON")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--test", action="store_true", help="evaluate on the test triples, at the very end")
    parser.add_argument("--out", type=Path, default=Path("results/defaults.jsonl"))
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    result, seconds = run(arguments)
    metrics = result.metric_results if arguments.test else recording.rank(result.model, arguments.dataset, "validation")
    scores = recording.scores_of(metrics.get_metric)
    shown = {name: value for name, value in vars(arguments).items() if name != "out"}
    sys.stdout.write(recording.write_line(arguments.out, **shown, **scores, cpu_seconds=round(seconds, 1)))


if __name__ == "__main__":
    main()
