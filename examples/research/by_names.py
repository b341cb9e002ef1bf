"""What names alone reach: a graph, a model and a loss, and at most the seconds of training. Test triples, one line.

Nothing else is said, so that the settings are those that the graph decides. A second evaluation ranks a query's own
entity as it is scored, as published figures have it.

    python examples/research/by_names.py WN18RR-all --model Rot2L --seconds 600
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import recording
from pykeen.pipeline import PipelineResult, pipeline

from pykeen_conj_hale.nn.reflexive import irreflexive_of


def settings_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """Say what a person would type, and no more."""
    settings = recording.names_of(arguments.dataset, arguments.model, arguments.loss, arguments.seed)
    if arguments.seconds is not None:
        settings.update(training_loop_kwargs=dict(time_budget=arguments.seconds))
    return settings


def as_scored(result: PipelineResult, dataset: str) -> dict[str, float]:
    """Rank the test triples again, with a query's own entity where its score puts it."""
    if irreflexive_of(result.model) is None:
        return {}
    result.model.register_buffer("irreflexive", None)
    scores = recording.scores_of(recording.rank(result.model, dataset, "testing").get_metric)
    return {f"{name}_as_scored": value for name, value in scores.items()}


def main(argv: Sequence[str] | None = None) -> None:
    """Run one training."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset")
    parser.add_argument("--model", default="ConjComplEx")
    parser.add_argument("--loss", default="HaLE")
    parser.add_argument("--seconds", type=float, help="of training; without it nothing is said of the length")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("results/names.jsonl"))
    arguments = parser.parse_args(argv)
    logging.disable(logging.WARNING)
    start = time.process_time()
    result = pipeline(**settings_of(arguments))
    cpu_seconds = time.process_time() - start
    shown = {name: value for name, value in vars(arguments).items() if name != "out"}
    facts = dict(epochs=len(result.losses), cpu_seconds=round(cpu_seconds, 1), **recording.scores_of(result.get_metric))
    line = recording.write_line(arguments.out, **shown, **facts, **as_scored(result, arguments.dataset))
    sys.stdout.write(line)


if __name__ == "__main__":
    main()
