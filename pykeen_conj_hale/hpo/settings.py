"""The arguments of a study: checked before any work is done, and compared with those of a study that exists."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pykeen.datasets import Dataset
from pykeen.evaluation import evaluator_resolver
from pykeen.stoppers import EarlyStopper, stopper_resolver
from pykeen.training import training_loop_resolver
from pykeen.triples import CoreTriplesFactory

from ..training import BudgetedSLCWATrainingLoop, TimeBudget, TimeBudgetMixin, TimedStopper
from ..training.budget.random_state import preserve_random_state
from ..training.digest import describe_triples
from .metrics import choose_direction, fit_stopper
from .parts import RESOLVERS, check_parts

__all__ = ["check_arguments", "describe", "differences"]

#: What may be different from worker to worker
_PER_WORKER: Final = {"device", "result_tracker", "result_tracker_kwargs", "save_model_directory", "gc_after_trial"}


def check_arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Check the arguments of :func:`pykeen.hpo.hpo_pipeline` for what would go wrong, or be ignored, later.

    :param arguments: the arguments
    :return: the arguments, with the time budget as plain seconds, which can be written to a file
    :raises ValueError: if something would go wrong
    """
    arguments = dict(arguments)
    for name, value in arguments.items():
        is_mapping = name.endswith(("_kwargs", "_kwargs_ranges")) and not name.startswith("result_tracker")
        if is_mapping and not isinstance(value, Mapping | None):
            raise ValueError(f"{name}={value!r} is not allowed: it must be a mapping of names to values.")
    check_parts(arguments)
    if arguments.pop("n_jobs", None) not in {None, 1}:
        raise ValueError("n_jobs is not supported: start this program as often as there are to be workers.")
    loop = training_loop_resolver.lookup(arguments.get("training_loop"))
    training = dict(arguments.get("training_kwargs") or {})
    if training.keys() & {"checkpoint", "checkpoint_name"}:
        raise ValueError(
            "checkpoint names one file for all trials, which are different trainings: leave it out. "
            "save_model_directory keeps each trial's model; a trial whose worker dies is begun anew."
        )
    if issubclass(loop, BudgetedSLCWATrainingLoop):
        _check_negatives(arguments)
    if issubclass(loop, TimeBudgetMixin):
        _check_budget(arguments, training)
    _follow_metric(arguments)
    return arguments


def _follow_metric(arguments: dict[str, Any]) -> None:
    """Choose the study's direction by its metric, and have the stopper go the same way."""
    evaluator_class = evaluator_resolver.lookup(arguments.get("evaluator"))
    options = arguments.get("evaluator_kwargs") or {}
    try:
        with preserve_random_state():  # some draw candidates
            evaluator = evaluator_class(**options)
    except Exception as error:  # of any evaluator
        raise ValueError(f"evaluator_kwargs={options!r} is not allowed: {type(error).__name__}: {error}") from error
    direction = choose_direction(arguments.get("direction"), arguments.get("metric"), evaluator)
    arguments["direction"] = direction
    stopper = stopper_resolver.lookup(arguments.get("stopper"))
    if stopper_kwargs := fit_stopper(stopper, arguments, evaluator, direction):
        arguments["stopper_kwargs"] = stopper_kwargs


def _check_negatives(arguments: Mapping[str, Any]) -> None:
    given = [name for name in arguments if name.startswith("negative_sampler") and arguments[name] is not None]
    if given:
        raise ValueError(
            f"{' and '.join(given)} would be ignored: PyKEEN heeds them for its own sLCWA loop only. Give the sampler "
            "as training_loop_kwargs=dict(negative_sampler=…, negative_sampler_kwargs=…), and the number of negatives "
            "as training_kwargs=dict(num_negs_per_pos=…) or training_kwargs_ranges=dict(num_negs_per_pos=…)."
        )


def _check_budget(arguments: dict[str, Any], training: Mapping[str, Any]) -> None:
    options = dict(arguments.get("training_loop_kwargs") or {})
    if options.get("stop_on_signal"):
        raise ValueError(
            f"stop_on_signal={options['stop_on_signal']!r} is not allowed in a study: a trial that a signal has cut "
            "off would be COMPLETE, with the result of a part of its training. Leave it out: a trial whose worker is "
            "ended is given to another worker."
        )
    if options.get("wall_clock") is not None:
        raise ValueError(
            f"wall_clock={options['wall_clock']!r} is not allowed in a study: a trial that it has cut off would be "
            "COMPLETE, with the result of a part of its training. Give time_budget, the seconds of training of each "
            "trial; timeout=… ends the study."
        )
    budget = options.get("time_budget")
    ranges = arguments.get("training_kwargs_ranges") or {}
    if budget is None:
        if arguments.get("epochs") is None and "num_epochs" not in {*training, *ranges}:
            raise ValueError(
                "time_budget is missing: give training_loop_kwargs=dict(time_budget=…), the seconds of each trial, or "
                "epochs=…"
            )
        return
    budget = budget if isinstance(budget, TimeBudget) else TimeBudget(budget)
    arguments["training_loop_kwargs"] = {**options, "time_budget": budget.seconds}
    stopper = stopper_resolver.lookup(arguments.get("stopper"))
    if issubclass(stopper, EarlyStopper) and not issubclass(stopper, TimedStopper):
        raise ValueError(
            f"stopper={arguments['stopper']!r} counts epochs, which are of different length from trial to trial: under "
            'a time budget give stopper="timed", stopper_kwargs=dict(seconds=…).'
        )


def describe(arguments: Mapping[str, Any], dataset: Dataset | None = None) -> dict[str, str]:
    """Describe the arguments of a study, as far as all of its workers must have the same.

    :param arguments: the arguments
    :param dataset: the dataset that they name, whose triples are told by a digest: files may change
    :return: the description of each, equal in any process
    """
    described = {}
    if dataset is not None:
        splits = dict(training=dataset.training, validation=dataset.validation, testing=dataset.testing)
        arguments = {**arguments, **splits}
    for name, value in sorted(arguments.items()):
        is_empty = value is None or (isinstance(value, Mapping) and not value)
        if is_empty or name in _PER_WORKER:
            continue
        if name in RESOLVERS:
            value = RESOLVERS[name].lookup(value).__name__
        described[name] = json.dumps(value, sort_keys=True, default=_describe)
    return described


def _describe(value: Any) -> str:
    if isinstance(value, type):
        return f"{value.__module__}.{value.__qualname__}"
    if callable(fingerprint := getattr(value, "fingerprint", None)):
        # of what it holds, which few of these objects show
        return f"{type(value).__name__} {fingerprint()}"
    if isinstance(value, CoreTriplesFactory):
        return f"{type(value).__name__} of {describe_triples(value)}"
    # addresses differ from process to process
    return re.sub(r" at 0x[0-9a-f]+", "", repr(value))


def differences(there: Mapping[str, str], here: Mapping[str, str]) -> str:
    """Name the arguments that differ.

    :param there: the description of one study's arguments
    :param here: that of another's
    :return: a text; empty if they are the same
    """
    names = sorted({*there, *here})
    return "; ".join(
        f"{name} is {there.get(name, 'not given')} there and {here.get(name, 'not given')} here"
        for name in names
        if there.get(name) != here.get(name)
    )
