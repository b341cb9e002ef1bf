"""The files that a run writes: found fit, and held for this run alone, before the first step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from pykeen.stoppers import EarlyStopper, Stopper

from ...files import check_output
from ...locks import only_writer
from ...pykeen_internals import is_own_best_model_path

__all__ = ["holding_outputs"]


@contextmanager
def holding_outputs(checkpoint: Path | None, stopper: Stopper | None) -> Iterator[None]:
    """Check, and hold, the checkpoint and the file of the best model.

    :param checkpoint: the checkpoint's file; None if there is none
    :param stopper: the stopper, which may keep the best model in a file
    :raises FileInUseError: if another run writes to one of them
    :raises OSError: if one of them cannot be written
    """
    with ExitStack() as stack:
        if checkpoint is not None:
            stack.enter_context(only_writer(checkpoint, "checkpoint"))
        if isinstance(stopper, EarlyStopper) and stopper.best_model_path is not None:
            if is_own_best_model_path(stopper.best_model_path):
                check_output(stopper.best_model_path, "best_model_path")
            else:
                stack.enter_context(only_writer(stopper.best_model_path, "best_model_path"))
        yield
