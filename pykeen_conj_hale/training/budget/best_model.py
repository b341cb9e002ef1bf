"""Where an early stopper keeps its best model: in a file, or in memory if the file cannot be written."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pykeen.stoppers import EarlyStopper

from ...pykeen_internals import parameter_versions
from .checkpoint import CheckpointError
from .tensor_file import UnreadableFileError, read_tensors, write_tensors

__all__ = ["keep_restored", "load_best", "read_best", "write_best"]

logger = logging.getLogger(__name__)

#: The attribute of a stopper which keeps parameters that no file could take
_IN_MEMORY = "best_parameters"
#: The attribute which tells in which state the model's parameters are where they are the best
_RESTORED = "restored_versions"


def write_best(stopper: EarlyStopper, parameters: Mapping[str, Any]) -> None:
    """Keep the parameters of the best model so far.

    They are kept in memory, and a warning says so, if the file cannot be written, for example because the disk is full.

    :param stopper: the stopper
    :param parameters: the model's state
    """
    try:
        write_tensors(_path(stopper), parameters)
    except OSError as error:
        logger.warning("The best model so far is kept in memory only, as its file cannot be written: %s", error)
        copied = {name: value.detach().to("cpu", copy=True) for name, value in parameters.items()}
        setattr(stopper, _IN_MEMORY, copied)
    else:
        setattr(stopper, _IN_MEMORY, None)


def read_best(stopper: EarlyStopper) -> dict[str, Any] | None:
    """Read the parameters of the best model so far into the host's memory.

    :param stopper: the stopper
    :return: the model's state; None if no evaluation was the best one yet, or the file is already cleaned up
    :raises CheckpointError: if the file is damaged
    """
    in_memory: dict[str, Any] | None = getattr(stopper, _IN_MEMORY, None)
    if in_memory is not None:
        return in_memory
    path = _path(stopper)
    if stopper.best_epoch is None or not path.is_file():
        return None
    try:
        parameters: dict[str, Any] = read_tensors(path)
    except UnreadableFileError as error:
        raise CheckpointError(f"best_model_path={str(path)!r} cannot be read: {error}. It is left as it is.") from error
    return parameters


def load_best(stopper: EarlyStopper) -> None:
    """Load the best model's parameters, if there are some, into the stopper's model, and clean up the file.

    :param stopper: the stopper
    :raises CheckpointError: if the file is damaged
    """
    parameters = read_best(stopper)
    if parameters is None:
        return
    stopper.model.load_state_dict(parameters)
    setattr(stopper, _IN_MEMORY, None)
    setattr(stopper, _RESTORED, parameter_versions(stopper.model))
    if stopper.clean_up_checkpoint:
        _path(stopper).unlink(missing_ok=True)


def keep_restored(stopper: EarlyStopper) -> None:
    """Keep the best model of the run before, which :func:`load_best` has restored and whose file it has cleaned up.

    A training that goes on may find no better one. A warning says so if the best model is not there any more, as the
    parameters were changed since.

    :param stopper: the stopper, before the first step
    """
    if stopper.best_epoch is None or getattr(stopper, _IN_MEMORY, None) is not None or _path(stopper).is_file():
        return
    if getattr(stopper, _RESTORED, None) == parameter_versions(stopper.model):
        write_best(stopper, stopper.model.state_dict())
        return
    logger.warning(
        "The stopper's best model (%s=%g) is not there any more: its file was removed at the end of the run before, "
        "and the parameters were changed since. Without a better one the last model stays. A new stopper, or "
        "clean_up_checkpoint=False, avoids that.",
        stopper.metric,
        stopper.best_metric,
    )


def _path(stopper: EarlyStopper) -> Path:
    # PyKEEN chooses a path if none is given
    return Path(stopper.best_model_path)  # type: ignore[arg-type]
