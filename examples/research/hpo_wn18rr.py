"""HPO under equal time: RotE on WN18RR, 20 trials of 60 s, and the settings without a search in the same time.

Not part of ``make bench``: about 30 minutes. Further processes with the same ``--storage`` share the work. Other losses
than HaLE train with sampled negatives; the best trial's settings can be trained for longer, and tested once.

    python examples/research/hpo_wn18rr.py --storage results/hpo_wn18rr.db
    python examples/research/hpo_wn18rr.py --storage results/adv_neg.db --loss AdvNeg --final-seconds 600
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import recording
from pykeen.hpo import HpoPipelineResult
from pykeen.pipeline import PipelineResult, pipeline
from tabulate import tabulate

from pykeen_conj_hale.hpo import shared_hpo_pipeline
from pykeen_conj_hale.reproduce.strategies import STRATEGIES

METRICS = ("inverse_harmonic_mean_rank", "hits_at_10")


def settings(loss: str, seconds: float) -> dict[str, Any]:
    """Choose what trials and the settings without a search have in common."""
    # a query's own entity is ranked as it is scored, for all losses
    own: dict[str, Any] = {"min_reflexive": 0.0}
    if loss != "HaLE":
        own.update(relation_scale=True, tail_bias=False, head_bias=False)
    return {
        "dataset": "WN18RR-all",
        "dataset_kwargs": {"create_inverse_triples": True},
        "model": "RotE",
        "model_kwargs": {"embedding_dim": 32, **own},
        "loss": loss,
        "optimizer": "Adam",
        "training_loop": "QuerySampling" if loss == "HaLE" else "BudgetedSLCWA",
        "training_loop_kwargs": {"time_budget": seconds, "automatic_memory_optimization": False},
        "evaluator": "IndexedRankBased",
        "evaluation_kwargs": {"use_tqdm": False},
    }


def without_search(loss: str) -> dict[str, Any]:
    """Choose the settings that the trials are compared with: HaLE's defaults, or those of ``reproduce``."""
    if loss == "HaLE":
        return {"training_kwargs": {"batch_size": 1024}, "optimizer_kwargs": {"lr": 0.01}}
    names = ("loss_kwargs", "training_kwargs", "optimizer_kwargs", "lr_scheduler", "lr_scheduler_kwargs")
    return {name: STRATEGIES[loss].settings[name] for name in names}


def train(*parts: Mapping[str, Any], use_testing_data: bool = False) -> PipelineResult:
    """Train once, with settings of which a later part goes before an earlier one."""
    merged = {name: value for part in parts for name, value in part.items()}
    merged["training_kwargs"] = {**merged.get("training_kwargs", {}), "use_tqdm": False}
    merged.update(random_seed=0, use_testing_data=use_testing_data)
    return pipeline(**merged)


def best_settings(result: HpoPipelineResult) -> dict[str, Any]:
    """Put the parameters of the best trial where the pipeline takes them."""
    found: dict[str, Any] = {"lr_scheduler": "BudgetCosine"}
    for name, value in result.study.best_params.items():
        part, argument = name.split(".", 1)
        found.setdefault(f"{part}_kwargs", {})[argument] = value
    return found


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loss", choices=["HaLE", "SamNeg", "AdvNeg"], default="HaLE")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--final-seconds", type=float, help="train the best settings for so long, and test them")
    parser.add_argument("--storage", type=Path, default=Path("results/hpo_wn18rr.db"))
    parser.add_argument("--out", type=Path, default=Path("results/wn18rr_hpo.jsonl"))
    return parser.parse_args()


def search(arguments: argparse.Namespace, common: Mapping[str, Any]) -> HpoPipelineResult:
    """Run the trials."""
    arguments.storage.parent.mkdir(parents=True, exist_ok=True)
    result = shared_hpo_pipeline(
        **common,
        n_trials=arguments.trials,
        storage=f"sqlite:///{arguments.storage}",
        study_name=f"wn18rr-{arguments.loss}-{arguments.seconds:g}s",
        lr_scheduler="BudgetCosine",
        training_kwargs={"use_tqdm": False},
        pruner="nop",
    )
    result.save_to_directory(arguments.storage.with_suffix(""))
    return result


def main() -> None:
    """Search, and compare."""
    arguments = parse()
    common = settings(arguments.loss, arguments.seconds)
    result = search(arguments, common)
    rows: list[list[Any]] = []

    def note(trial: Any, state: str, seconds: float, metrics: Any, **facts: Any) -> None:
        scores = recording.scores_of(metrics.__getitem__, METRICS) if metrics else {}
        rows.append([trial, state, seconds, *scores.values()])
        recording.write_line(
            arguments.out, loss=arguments.loss, trial=trial, state=state, seconds=seconds, **scores, **facts
        )

    for trial in result.study.trials:
        attributes = trial.user_attrs if f"both.realistic.{METRICS[0]}" in trial.user_attrs else None
        note(trial.number, trial.state.name, arguments.seconds, attributes, params=trial.params)
    default = without_search(arguments.loss)
    note("no search", "", arguments.seconds, train(common, default).metric_results.to_flat_dict(), params=default)
    if arguments.final_seconds is not None:
        longer = settings(arguments.loss, arguments.final_seconds)
        found = best_settings(result)
        tested = train(longer, found, use_testing_data=True).metric_results.to_flat_dict()
        note("best", "tested", arguments.final_seconds, tested, params=found)
    sys.stdout.write(tabulate(rows, headers=["trial", "state", "seconds", "MRR", "Hits@10"], floatfmt=".3f") + "\n")


if __name__ == "__main__":
    main()
