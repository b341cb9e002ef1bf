"""The metric of a study: known before any work is done, and optimized in its own direction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from class_resolver.contrib.optuna import pruner_resolver
from optuna.pruners import NopPruner
from pykeen.evaluation import Evaluator
from pykeen.stoppers import EarlyStopper, Stopper

from ..checks import check_choice
from ..training.budget.metric import find_metric

__all__ = ["choose_direction", "fit_stopper", "is_increasing"]

#: Optuna's directions, by whether larger values are better
_DIRECTIONS: Final = {True: "maximize", False: "minimize"}


def is_increasing(argument: str, metric: str | None, evaluator: Evaluator[Any]) -> bool:
    """Tell whether larger values of a metric are better.

    :param argument: the argument's name
    :param metric: the metric, e.g. ``"both.realistic.arithmetic_mean_rank"``, ``"mean_rank"`` or ``"hits@10"``; None
        for the evaluator's default
    :param evaluator: the evaluator, which computes it
    :return: whether they are; so are those of an evaluator that is none of PyKEEN's
    :raises ValueError: if the evaluator does not compute it
    """
    found = find_metric(evaluator, metric, argument=argument)
    return found is None or bool(found.increasing)


def choose_direction(direction: str | None, metric: str | None, evaluator: Evaluator[Any]) -> str:
    """Choose the direction of a study.

    :param direction: what was given, if anything
    :param metric: the study's metric
    :param evaluator: the evaluator, which computes it
    :return: ``"maximize"`` or ``"minimize"``
    :raises ValueError: if the evaluator does not compute the metric, or there is no such direction
    """
    own = _DIRECTIONS[is_increasing("metric", metric, evaluator)]
    return own if direction is None else check_choice("direction", direction, _DIRECTIONS.values())


def fit_stopper(
    stopper: type[Stopper], arguments: Mapping[str, Any], evaluator: Evaluator[Any], direction: str
) -> dict[str, Any]:
    """Have a stopper choose by the study's metric where smaller values are better, and by any metric in its direction.

    :param stopper: its class
    :param arguments: the study's arguments
    :param evaluator: the evaluator
    :param direction: the study's direction
    :return: the stopper's arguments
    :raises ValueError: if the pruner would take the best trials for the worst
    """
    options = dict(arguments.get("stopper_kwargs") or {})
    if not issubclass(stopper, EarlyStopper):
        return options
    metric = arguments.get("metric")
    if not is_increasing("metric", metric, evaluator):
        options.setdefault("metric", metric)
    # a dataclass has the defaults of its fields as attributes
    increasing = is_increasing("stopper_kwargs: metric", options.get("metric", stopper.metric), evaluator)
    if not increasing:
        options.setdefault("larger_is_better", False)
    prunes = pruner_resolver.lookup(arguments.get("pruner")) is not NopPruner
    if prunes and _DIRECTIONS[increasing] != direction:
        raise ValueError(
            f"stopper_kwargs: metric={options.get('metric', stopper.metric)!r} is what the pruner compares, and in the "
            f"study's direction, {direction!r}, it would prune the best trials: leave it out, give a metric of that "
            'direction, or pruner="nop".'
        )
    return options
