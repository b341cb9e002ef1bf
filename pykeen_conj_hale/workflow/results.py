"""What a training leaves behind: weights, vectors, metrics, the report, and PyKEEN's own files."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from typing import Any, Final

import pandas as pd
import torch
from pykeen.models import ERModel, Model
from pykeen.pipeline import PipelineResult

from ..outputs import if_possible
from ..training import TimeBudgetMixin
from ..wording import count
from .exporting import FORMATS
from .folder import ModelFolder, Splits, write_json
from .measuring import BASELINE, measure, measure_baseline, summarize
from .predicting import Question, predict
from .report import write_report
from .tracking import read_curve

__all__ = ["write_results"]

logger = logging.getLogger(__name__)

#: Test questions in the report, and how many answers each has there
EXAMPLES: Final = 8
ANSWERS: Final = 5
#: The vectors that are written, and the largest number of entities for which they are: text is ten times as large
VECTORS: Final = (("safetensors", None), ("word2vec", 200_000))


def write_results(folder: ModelFolder, splits: Splits, result: PipelineResult) -> None:
    """Measure a model, and write all there is to it; what it could have gone on from has served then.

    :param folder: where to write
    :param splits: the triples
    :param result: PyKEEN's result
    """
    model, loop = result.model, result.training_loop
    assert isinstance(loop, TimeBudgetMixin)
    known = list(splits.values())
    ranks = measure(model, splits["testing"], known), measure_baseline(splits["training"], splits["testing"], known)
    metrics: dict[str, Any] = {
        "test": summarize(ranks[0]),
        BASELINE: summarize(ranks[1]),
        "training": _describe(loop, result),
        "validation": read_curve(folder.curve),
    }
    _say_if_too_short(loop)
    _say_if_trivial(metrics)
    write_json(folder.metrics, metrics)
    _write_vectors(folder, splits, model)
    result.save_to_directory(folder.path / "pykeen")
    write_report(folder, splits, model, metrics, ranks, _answer_examples(splits, model))
    # last of all what tells that all is there
    folder.write_weights(model)
    shutil.rmtree(folder.training)


def _describe(loop: TimeBudgetMixin[Any], result: PipelineResult) -> dict[str, Any]:
    return {
        "seconds": loop.stopwatch.elapsed("training"),
        "steps": loop.num_steps,
        # a loss is also there of an epoch that was cut off
        "epochs": loop.epochs_done,
        "stop_reason": loop.stop_reason,
        # not known of a training that was over before, when only the writing of its results was interrupted
        "triples_per_second": loop.triples_per_second or None,
        "parameters": result.model.num_parameters,
        "device": str(result.model.device),
    }


def _say_if_too_short(loop: TimeBudgetMixin[Any]) -> None:
    if not loop.epochs_done:
        logger.warning(
            "In %s the training has not seen each triple once: with more seconds the model will be better.",
            count(loop.num_steps, "step"),
        )


def _say_if_trivial(metrics: Mapping[str, Mapping[str, float]]) -> None:
    ours, trivial = metrics["test"]["MRR"], metrics[BASELINE]["MRR"]
    if ours <= trivial:
        logger.warning(
            "The model is no better than the %s (MRR %.3f, theirs %.3f): give more seconds or more triples before its "
            "answers are used.",
            BASELINE,
            ours,
            trivial,
        )


def _answer_examples(splits: Splits, model: Model) -> pd.DataFrame:
    """Ask for the tails of some test triples; the column ``true`` says which answers are in a test triple."""
    testing = splits["testing"]
    last, number = testing.num_triples - 1, min(EXAMPLES, testing.num_triples)
    rows = torch.linspace(0, last, number, dtype=torch.float64).round().long()
    asked = list(dict.fromkeys((h, r) for h, r, _ in testing.label_triples(testing.mapped_triples[rows]).tolist()))
    questions = [Question(h, r, None) for h, r in asked]
    known = [splits["validation"]]
    answers = predict(model, splits["training"], questions, top=ANSWERS, known="drop", triples=known)
    tested = set(map(tuple, testing.label_triples(testing.mapped_triples).tolist()))
    rest = answers[["head", "relation", "tail"]].itertuples(index=False, name=None)
    return answers.assign(true=[triple in tested for triple in rest])


def _write_vectors(folder: ModelFolder, splits: Splits, model: Model) -> None:
    """Write vectors, as far as there are libraries for them, and text is not too large."""
    assert isinstance(model, ERModel)
    training = splits["training"]
    for name, largest in VECTORS:
        ending, _, write = FORMATS[name]
        path = folder.path / f"vectors{ending}"
        if largest is not None and training.num_entities > largest:
            logger.warning("No %s, as text of %d vectors is large: export writes it.", path.name, training.num_entities)
            continue
        with if_possible(path):
            write(path, model, training)
