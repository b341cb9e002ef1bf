"""HPO under equal time: RotE with HaLE on WN18RR, 20 trials of 60 s, and the default settings in the same time.

Not part of ``make bench``: about 30 minutes. Further processes with the same ``--storage`` share the work.

    python examples/research/hpo_wn18rr.py --storage results/hpo_wn18rr.db
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from pykeen.pipeline import pipeline
from pykeen.trackers import ResultTracker
from tabulate import tabulate

from pykeen_conj_hale.hpo import shared_hpo_pipeline

METRICS = ("inverse_harmonic_mean_rank", "hits_at_10")


class TrainingSeconds(ResultTracker):
    """Notes what each training of this process took, of its own time.

    Given by its class: PyKEEN cannot save a study whose tracker is an instance.
    """

    seconds: ClassVar[list[float]] = []

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None, prefix: str | None = None) -> None:
        """Keep the seconds of a training."""
        if prefix == "seconds":
            self.seconds.append(metrics["training"])


def settings(seconds: float) -> dict[str, Any]:
    """Choose what trials and the default have in common."""
    return {
        "dataset": "WN18RR-all",
        "dataset_kwargs": {"create_inverse_triples": True},
        "model": "RotE",
        "model_kwargs": {"embedding_dim": 32},
        "loss": "HaLE",
        "optimizer": "Adam",
        "training_loop": "QuerySampling",
        "training_loop_kwargs": {"time_budget": seconds, "automatic_memory_optimization": False},
        "evaluation_kwargs": {"batch_size": 256, "use_tqdm": False},
    }


def main() -> None:
    """Search, and compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--storage", type=Path, default=Path("results/hpo_wn18rr.db"))
    arguments = parser.parse_args()
    arguments.storage.parent.mkdir(parents=True, exist_ok=True)
    common = settings(arguments.seconds)
    result = shared_hpo_pipeline(
        **common,
        n_trials=arguments.trials,
        storage=f"sqlite:///{arguments.storage}",
        study_name=f"wn18rr-{arguments.seconds:g}s",
        lr_scheduler="BudgetCosine",
        training_kwargs={"use_tqdm": False},
        pruner="nop",
        result_tracker=TrainingSeconds,
    )
    result.save_to_directory(arguments.storage.with_suffix(""))
    default = pipeline(
        **common,
        training_kwargs={"batch_size": 1024, "use_tqdm": False},
        optimizer_kwargs={"lr": 0.01},
        random_seed=0,
        use_testing_data=False,
        result_tracker=TrainingSeconds,
    )
    # those of trials of other processes are not known here
    seconds = iter(known if len(known := TrainingSeconds.seconds) == 1 + len(result.study.trials) else [])
    rows: list[list[Any]] = [
        [
            trial.number,
            trial.state.name,
            next(seconds, None),
            trial.duration.total_seconds() if trial.duration else None,
            *(trial.user_attrs.get(f"both.realistic.{metric}") for metric in METRICS),
        ]
        for trial in result.study.trials
    ]
    rows.append(
        [
            "default",
            "",
            next(seconds, None),
            None,
            *(default.get_metric(f"both.realistic.{metric}") for metric in METRICS),
        ]
    )
    table = tabulate(rows, headers=["trial", "state", "training s", "wall s", "MRR", "Hits@10"], floatfmt=".3f")
    best = f"best: trial {result.study.best_trial.number}, {result.study.best_params}"
    sys.stdout.write(f"{table}\n{best}\n")


if __name__ == "__main__":
    main()
