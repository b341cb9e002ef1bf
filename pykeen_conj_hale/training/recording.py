"""What is trained, told to the trackers of PyKEEN's pipeline: it tells them first what it hands over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pykeen.trackers import ConsoleResultTracker, MultiResultTracker, PythonResultTracker, ResultTracker
from pykeen.trackers.file import FileResultTracker

__all__ = ["is_pipeline", "record"]


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
    of the same name: they get it under ``trained.NAME``.

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
            own.log_params(params, prefix="trained")


def _merge(before: Any, value: Any) -> Any:
    """Put arguments into those that were told before."""
    return {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
