"""WN18RR in the literature's protocol: ConjComplEx with HaLE against PyKEEN's ComplEx, same size, same seconds.

Not part of ``make bench``, as it takes twice the budget. The data is found as by ``dataset="WN18RR-all"``; each run
appends a JSON line to ``--out``.

    python examples/research/compare_wn18rr.py --dim 16 --seconds 600 --split testing

With ``--epochs`` a run has that many epochs instead of a budget, for what has to be compared on a busy machine;
``--model-kwargs`` and ``--loss-kwargs`` take other arguments of our side, as JSON.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import recording
from pykeen.models import ERModel
from pykeen.pipeline import PipelineResult, pipeline

METRICS = ("inverse_harmonic_mean_rank", "hits_at_1", "hits_at_3", "hits_at_10")


def configure(side: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Choose the pipeline's arguments.

    :param side: ``"ours"`` or ``"pykeen"``
    :param arguments: the command line's
    :return: arguments of the pipeline
    """
    common = dict(optimizer="Adam", optimizer_kwargs=dict(lr=arguments.lr, fused=True))
    if side == "ours":
        return dict(
            common,
            model="ConjComplEx",
            model_kwargs=dict(embedding_dim=arguments.dim, **arguments.model_kwargs),
            loss="HaLE",
            loss_kwargs=arguments.loss_kwargs,
            training_loop="QuerySampling",
            training_kwargs=dict(batch_size=1024, num_epochs=arguments.epochs),
        )
    return dict(
        common,
        model="ComplEx",
        model_kwargs=dict(embedding_dim=arguments.dim),
        loss="CrossEntropy",
        training_loop="BudgetedLCWA",
        training_kwargs=dict(batch_size=256, num_epochs=arguments.epochs),
    )


def run(side: str, arguments: argparse.Namespace) -> PipelineResult:
    """Train and evaluate one side.

    :param side: ``"ours"`` or ``"pykeen"``
    :param arguments: the command line's
    :return: PyKEEN's result
    """
    return pipeline(
        dataset="WN18RR-all",
        dataset_kwargs=dict(create_inverse_triples=True),
        training_loop_kwargs=dict(
            time_budget=None if arguments.epochs else arguments.seconds, automatic_memory_optimization=False
        ),
        evaluation_kwargs=dict(batch_size=256),
        use_testing_data=arguments.split == "testing",
        random_seed=arguments.seed,
        **configure(side, arguments),
    )


def main() -> None:
    """Run the sides one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", nargs="+", choices=["ours", "pykeen"], default=["ours", "pykeen"])
    parser.add_argument("--dim", type=int, default=16, help="complex dimensions; twice as many real parameters")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--epochs", type=int, help="epochs instead of seconds")
    parser.add_argument(
        "--model-kwargs", type=json.loads, default=dict(similarity="squared_distance", relation_scale=True)
    )
    # HaLE without any argument would be chosen from the graph; this leaves its other arguments at their defaults
    parser.add_argument("--loss-kwargs", type=json.loads, default=dict(alpha=0.1))
    parser.add_argument("--lr", type=float, default=0.01)
    parser.add_argument("--split", choices=["validation", "testing"], default="validation")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/wn18rr.jsonl"))
    arguments = parser.parse_args()
    for side in arguments.side:
        result = run(side, arguments)
        assert isinstance(result.model, ERModel)
        line = recording.write_line(
            arguments.out,
            model=type(result.model).__name__,
            real_parameters_an_entity=2 * arguments.dim,
            parameters=result.model.num_parameters,
            relation_parameters=sum(p.numel() for r in result.model.relation_representations for p in r.parameters()),
            seconds=None if arguments.epochs else arguments.seconds,
            model_kwargs=arguments.model_kwargs if side == "ours" else {},
            loss_kwargs=arguments.loss_kwargs if side == "ours" else {},
            epochs=len(result.losses),
            split=arguments.split,
            **recording.scores_of(result.get_metric, METRICS),
            seed=arguments.seed,
            lr=arguments.lr,
        )
        sys.stdout.write(line)


if __name__ == "__main__":
    main()
