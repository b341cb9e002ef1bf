"""The metric of an early stopper: found before the first step, with the direction in which it is better."""

from __future__ import annotations

import logging
from collections.abc import Collection
from typing import Any

from pykeen.evaluation import (
    ClassificationEvaluator,
    ClassificationMetricResults,
    Evaluator,
    RankBasedEvaluator,
    RankBasedMetricResults,
)
from pykeen.metrics.utils import Metric
from pykeen.stoppers import EarlyStopper

from ...messages import Once

__all__ = ["check_direction", "find_metric"]

_once = Once(logging.getLogger(__name__))


def find_metric(
    evaluator: Evaluator[Any], name: str | None, targets: Collection[str] | None = None, *, argument: str = "metric"
) -> Metric | None:
    """Find a metric among those which an evaluator computes.

    :param evaluator: the evaluator
    :param name: the metric, as PyKEEN reads it: ``"mrr"``, ``"hits@10"``, ``"tail.realistic.hits@10"``; None for the
        evaluator's default
    :param targets: the sides that are evaluated; None for both
    :param argument: the name of the argument which holds the metric, for the errors
    :return: the metric; None if the evaluator is none of PyKEEN's, so that nothing is known
    :raises ValueError: if the evaluator does not compute it
    """
    if isinstance(evaluator, RankBasedEvaluator):
        parse = RankBasedMetricResults.key_from_string
    elif isinstance(evaluator, ClassificationEvaluator):
        parse = ClassificationMetricResults.key_from_string  # type: ignore[assignment]
    else:
        return None
    known = {metric.key: metric for metric in evaluator.metrics}
    kind = type(evaluator).__name__
    try:
        key = parse(name)
    # what PyKEEN makes of a name that it cannot read
    except (KeyError, ValueError, TypeError, AssertionError) as error:
        raise ValueError(
            f"{argument}={name!r} is not computed by this {kind}; choose one of {sorted(known)}, where a side and a "
            'type may come first ("tail.optimistic.hits_at_10").'
        ) from error
    if key.metric not in known:
        raise ValueError(
            f"{argument}={name!r} is not computed by this {kind}; choose one of {sorted(known)}, or have "
            "evaluator_kwargs add it."
        )
    if targets is not None and key.side not in {*targets, "both"}:
        raise ValueError(
            f"{argument}={name!r} is of the side {key.side!r}, and targets={tuple(targets)!r} has no such side."
        )
    return known[key.metric]


def check_direction(stopper: EarlyStopper) -> None:
    """Check the metric of a stopper, and say where its direction is not that of the metric.

    :param stopper: the stopper
    :raises ValueError: if its evaluator does not compute the metric
    """
    metric = find_metric(stopper.evaluator, stopper.metric, getattr(stopper, "targets", None))
    if metric is not None and metric.increasing != stopper.larger_is_better:
        _once.warning(
            "metric=%r is better where it is %s, and the stopper has larger_is_better=%s: it keeps the worst model.",
            stopper.metric,
            "larger" if metric.increasing else "smaller",
            stopper.larger_is_better,
        )
