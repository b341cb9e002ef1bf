"""What can be due at the moments of a run, as far as it needs nothing of PyKEEN."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from .clock import Clock

if TYPE_CHECKING:
    from .run import Run

__all__ = ["DeviceQueue", "Due", "Limits", "Saving", "Schedule", "StopRequest", "WallClock"]


class Due:
    """Something to do at some moments of a run; each method is one of these moments, and does nothing by default."""

    def begin(self, run: Run) -> None:
        """Prepare, right before the first step."""

    def after_step(self, run: Run, elapsed: float) -> None:
        """Do what is due after an optimizer step; :meth:`Run.stop` makes it the last one.

        :param run: the run
        :param elapsed: the seconds of training when the step was done
        """

    def after_epoch(self, run: Run, epoch: int, loss: float) -> None:
        """Do what is due after a whole epoch, or after the part of one which the run allowed.

        :param run: the run; its position is None if the epoch is a whole one
        :param epoch: the epoch's number
        :param loss: the mean loss of the epoch's steps
        """

    def end(self, run: Run) -> None:
        """Finish, when the run has a stop reason."""


class DeviceQueue:
    """Lets a GPU, which works on its own, be at most one step behind: the clock is to tell what is done.

    A call waits for the step before the last one. It comes before all that is due, as that reads the clock.

    :param note: notes the end of what the device was asked for so far
    """

    def __init__(self, note: Callable[[], torch.cuda.Event]) -> None:
        self._note = note
        self._last_step: torch.cuda.Event | None = None

    def __call__(self) -> None:
        """Note the end of this step in the device's queue, and wait for the end of the step before."""
        done = self._note()
        if self._last_step is not None:
            self._last_step.synchronize()
        self._last_step = done


class Schedule(Due):
    """Sets the learning rate for the next step, by the share of the training that is done.

    :param advance: takes the share
    """

    def __init__(self, advance: Callable[[float], None]) -> None:
        self._advance = advance

    def begin(self, run: Run) -> None:
        """Set the learning rate of the first step."""
        self.after_step(run, run.elapsed)

    def after_step(self, run: Run, elapsed: float) -> None:
        """Set the learning rate of the next step."""
        self._advance(run.share_done(elapsed))


class Limits(Due):
    """Stops the run once its budget is spent, or a signal has arrived."""

    def after_step(self, run: Run, elapsed: float) -> None:
        """Look at the budget and the signal."""
        is_spent = run.budget is not None and elapsed >= run.budget.seconds
        if is_spent or run.signal is not None:
            run.stop("budget")


class WallClock(Due):
    """Stops the run at a time of day, whatever was done until then: training, set-up, evaluation.

    :param seconds: the seconds from now on
    :param clock: a monotonic clock, in seconds
    """

    def __init__(self, seconds: float, clock: Clock) -> None:
        self._clock, self._end = clock, clock() + seconds

    def after_step(self, run: Run, elapsed: float) -> None:
        """Look at the clock."""
        if self._clock() >= self._end:
            run.stop("wall clock")


class Saving(Due):
    """Writes checkpoints: one before the first step, one every n seconds of training, one at the end if there is none.

    The first one is written at once, as a file that cannot be written is better known before the work.

    :param path: the file
    :param seconds: the seconds n from one checkpoint to the next; None if only the end is written
    :param save: writes the file
    """

    def __init__(self, path: Path, seconds: float | None, save: Callable[[], None]) -> None:
        self._path, self._seconds, self._save = path, seconds, save
        self._next = math.inf

    def begin(self, run: Run) -> None:
        """Write the first checkpoint, unless the run goes on from one."""
        if self._seconds is None:
            return
        if not run.is_resumed:
            self._save()
        self._next = run.elapsed + self._seconds

    def after_step(self, run: Run, elapsed: float) -> None:
        """Write a checkpoint if it is time for one."""
        if self._seconds is not None and elapsed >= self._next:
            self._save()
            self._next = elapsed + self._seconds

    def end(self, run: Run) -> None:
        """Write the last checkpoint where PyKEEN, which had no epoch to end, has not done so."""
        if not self._path.is_file():
            self._save()


class StopRequest(Due):
    """Stops the run when somebody else asks for it, for example a callback.

    :param is_made: whether there is a request
    """

    def __init__(self, is_made: Callable[[], bool]) -> None:
        self._is_made = is_made

    def after_step(self, run: Run, elapsed: float) -> None:
        """Look for a request."""
        if self._is_made():
            run.stop("early stopping")
