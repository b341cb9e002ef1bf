"""What is trained, told to the trackers of PyKEEN's pipeline: it tells them first what it hands over."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary

from pykeen.losses import loss_resolver
from pykeen.models import Model
from pykeen.regularizers import regularizer_resolver
from pykeen.trackers import ConsoleResultTracker, MultiResultTracker, PythonResultTracker, ResultTracker
from pykeen.trackers.file import FileResultTracker
from pykeen.utils import flatten_dictionary

from ..losses import HaLELoss

__all__ = ["is_pipeline", "record", "record_model"]

logger = logging.getLogger(__name__)

#: What trackers were told
_TOLD: Final[WeakKeyDictionary[ResultTracker, dict[str, Any]]] = WeakKeyDictionary()


def is_pipeline(tracker: ResultTracker) -> bool:
    """Tell whether PyKEEN's pipeline has made a loop: it alone hands over its trackers in one.

    :param tracker: the loop's tracker
    :return: whether it has
    """
    return isinstance(tracker, MultiResultTracker)


def record(tracker: ResultTracker, params: Mapping[str, Any]) -> None:
    """Tell the trackers of a pipeline what is trained; any other tracker is told nothing.

    The pipeline's own tracker, whose configuration becomes the result's, is corrected. Files and the console get
    further lines: a later one goes before an earlier one. Others, as MLflow and Weights & Biases, refuse another value
    of the same name: they get it under ``trained.NAME``, and the first value of a name only.

    :param tracker: the loop's tracker
    :param params: what is trained, under the names of the pipeline's arguments
    """
    if not isinstance(tracker, MultiResultTracker):
        return
    for own in tracker.trackers:
        if isinstance(own, PythonResultTracker):
            own.configuration.update({name: _merge(own.configuration.get(name), x) for name, x in params.items()})
        elif isinstance(own, FileResultTracker | ConsoleResultTracker):
            own.log_params(params)
        else:
            _tell_once(own, flatten_dictionary(params, prefix="trained"))


def record_model(tracker: ResultTracker, model: Model) -> None:
    """Tell the trackers of a pipeline which model and loss are trained: what the graph chose is in it.

    :param tracker: the loop's tracker
    :param model: the model
    """
    loss, regularizer = model.loss, getattr(model, "factor_regularizer", None)
    params: dict[str, Any] = dict(
        model_kwargs=dict(getattr(model, "made_with", {})), loss=loss_resolver.normalize_inst(loss)
    )
    if isinstance(loss, HaLELoss):
        params["loss_kwargs"] = loss.arguments()
    if regularizer is not None:
        params["regularizer"] = regularizer_resolver.normalize_inst(regularizer)
        params["regularizer_kwargs"] = regularizer.arguments()
    record(tracker, params)


def _tell_once(tracker: ResultTracker, params: Mapping[str, Any]) -> None:
    """Tell a tracker parameters whose names it was not told yet: a training must not end as it refuses another value.

    :param tracker: the tracker
    :param params: the parameters by name
    """
    told = _TOLD.setdefault(tracker, {})
    later = {name: value for name, value in params.items() if name in told and told[name] != value}
    if later:
        logger.info("%s keeps its first values of %s; now: %s.", type(tracker).__name__, ", ".join(later), later)
    new = {name: value for name, value in params.items() if name not in told}
    told.update(new)
    if new:
        tracker.log_params(new)


def _merge(before: Any, value: Any) -> Any:
    """Put arguments into those that were told before."""
    return {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
