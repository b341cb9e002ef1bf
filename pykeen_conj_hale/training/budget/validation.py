"""What early stoppers have to do in a run."""

from __future__ import annotations

from pykeen.stoppers import EarlyStopper

from ...pykeen_internals import free_memory
from .best_model import keep_restored, load_best
from .due import Due
from .run import Run
from .stopper import TimedStopper

__all__ = ["BestModel", "Validation"]


class Validation(Due):
    """Evaluates the model when a timed stopper wants it, and at the end; this time is not charged to the budget.

    :param stopper: the stopper, which gets to know that there is a clock
    """

    def __init__(self, stopper: TimedStopper) -> None:
        self._stopper = stopper
        stopper.has_clock = True

    def begin(self, run: Run) -> None:
        """Tell the stopper where the clock begins."""
        self._stopper.begin(run.elapsed)

    def after_step(self, run: Run, elapsed: float) -> None:
        """Evaluate if it is time, and stop the run if the stopper's patience is over."""
        if not self._stopper.is_due(elapsed):
            return
        with run.phase("evaluation"):
            stop = self._stopper.look(run.num_steps, elapsed)
            free_memory(self._stopper.model)
            self._stopper.model.train()
        if stop:
            run.stop("early stopping")

    def end(self, run: Run) -> None:
        """Evaluate the model at the end of the training."""
        if run.num_steps:
            with run.phase("evaluation"):
                self._stopper.look(run.num_steps, run.elapsed, final=True)
                free_memory(self._stopper.model)


class BestModel(Due):
    """Restores the best model at the end.

    It comes after the last checkpoint, which holds the last parameters, too: with more patience a training goes on
    from there.

    :param stopper: the stopper
    """

    def __init__(self, stopper: EarlyStopper) -> None:
        self._stopper = stopper

    def begin(self, run: Run) -> None:
        """Keep the best model again, which the end of a run before in the same process has restored."""
        keep_restored(self._stopper)

    def end(self, run: Run) -> None:
        """Restore the best model; PyKEEN's own stopper has done so where it has stopped."""
        if isinstance(self._stopper, TimedStopper) or not self._stopper.stopped:
            load_best(self._stopper)
