"""Settings of a cell of HaLE's tables by validation: one training of some seconds, one JSON line.

It starts from the cell of ``pykeen-conj-hale reproduce``, and changes what is said. The test triples are not looked at.

    python examples/research/tune_cell.py CoDEx-S RotL --seconds 80 --lr 0.005
    python examples/research/tune_cell.py WN18RR RotL --strategy HaLE-no-activation --seconds 600 --lr 0.004
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import recording
from pykeen.pipeline import PipelineResult, pipeline
from pykeen.trackers import PythonResultTracker

from pykeen_conj_hale.reproduce.cells import Cell
from pykeen_conj_hale.reproduce.papers import HALE
from pykeen_conj_hale.reproduce.plan import Table
from pykeen_conj_hale.training import TimeBudgetMixin

TABLES = HALE.tables


def configure(arguments: argparse.Namespace) -> dict[str, Any]:
    """Get the configuration of the cell, with the settings that are said."""
    name, table = find_table(arguments)
    cell = Cell(
        name, arguments.dataset, arguments.model, arguments.strategy, table.embedding_dim, arguments.seconds, seed=0
    )
    configuration: dict[str, Any] = cell.configuration()["pipeline"]
    said: dict[str, dict[str, Any]] = dict(
        loss_kwargs=dict(margin=arguments.margin, adversarial_temperature=arguments.temperature),
        training_kwargs=dict(batch_size=arguments.batch_size, num_negs_per_pos=arguments.negatives),
        optimizer_kwargs=dict(lr=arguments.lr),
    )
    for part, values in said.items():
        given = {key: value for key, value in values.items() if value is not None}
        if unknown := given.keys() - configuration[part].keys():
            raise SystemExit(f"{arguments.strategy} has no {', '.join(sorted(unknown))}.")
        configuration[part].update(given)
    return configuration


def find_table(arguments: argparse.Namespace) -> tuple[str, Table]:
    """Find the table that has the cell."""
    for name, table in TABLES.items():
        if (
            arguments.dataset in table.datasets
            and arguments.model in table.models
            and arguments.strategy in table.strategies
        ):
            return name, table
    raise SystemExit(f"No table has {arguments.model} with {arguments.strategy} on {arguments.dataset}.")


def run(configuration: dict[str, Any]) -> tuple[PipelineResult, list[list[float]]]:
    """Train, and get the validation curve: seconds of training, MRR, Hits@10."""
    tracker = PythonResultTracker()
    result = pipeline(
        **{
            **configuration,
            "training_kwargs": dict(configuration["training_kwargs"], use_tqdm=False),
            "stopper_kwargs": dict(configuration["stopper_kwargs"], use_tqdm=False),
        },
        result_tracker=tracker,
        evaluation_kwargs=dict(use_tqdm=False),
        use_testing_data=False,
    )
    shown = ["seconds", *(f"both.realistic.{name}" for name in ("inverse_harmonic_mean_rank", "hits_at_10"))]
    names = [f"validation.{name}" for name in shown]
    curve = [
        [round(float(metrics[name]), 5) for name in names]
        for metrics in tracker.metrics.values()
        if metrics.keys() >= set(names)
    ]
    return result, sorted(curve)


def main() -> None:
    """Run one training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", choices=sorted({name for table in TABLES.values() for name in table.datasets}))
    parser.add_argument("model", choices=sorted({name for table in TABLES.values() for name in table.models}))
    parser.add_argument(
        "--strategy",
        default="AdvNeg-tuned",
        choices=sorted({name for table in TABLES.values() for name in table.strategies}),
    )
    parser.add_argument("--seconds", type=float, required=True, help="the seconds of training")
    parser.add_argument("--negatives", type=int, help="negatives per positive")
    parser.add_argument("--batch-size", type=int)
    parser.add_argument("--lr", type=float)
    parser.add_argument("--margin", type=float)
    parser.add_argument("--temperature", type=float)
    parser.add_argument("--out", type=Path, default=Path("results/tune_cell.jsonl"))
    arguments = parser.parse_args()
    configuration = configure(arguments)
    result, curve = run(configuration)
    assert isinstance(result.training_loop, TimeBudgetMixin)
    facts = dict(
        dataset=arguments.dataset,
        model=arguments.model,
        strategy=arguments.strategy,
        embedding_dim=configuration["model_kwargs"]["embedding_dim"],
        seconds=arguments.seconds,
        seed=configuration["random_seed"],
        configuration=configuration,
        curve=curve,
        epochs=result.training_loop.epochs_done,
    )
    sys.stdout.write(recording.write_line(arguments.out, **facts))


if __name__ == "__main__":
    main()
