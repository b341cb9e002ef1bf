"""PyKEEN's training callbacks under a run: what they evaluate is not charged, and a cut epoch is not over."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Final

from pykeen.training import TrainingLoop
from pykeen.training.callbacks import (
    EvaluationLoopTrainingCallback,
    EvaluationLossTrainingCallback,
    EvaluationTrainingCallback,
    LearningRateSchedulerTrainingCallback,
    MultiTrainingCallback,
    StopperTrainingCallback,
    TrainingCallback,
)

from .due import Due
from .run import Run

__all__ = ["CallbackAdapter", "InPhase", "LossRecorder"]

#: PyKEEN's callbacks that evaluate
EVALUATING: Final = (
    EvaluationTrainingCallback,
    EvaluationLoopTrainingCallback,
    EvaluationLossTrainingCallback,
    StopperTrainingCallback,
)


class CallbackAdapter(Due):
    """Fits PyKEEN's callbacks into a run.

    Time in callbacks that evaluate is counted as the phase ``"evaluation"``. An early stopper and a schedule do not see
    the epoch that the run has cut. ``post_train`` is called once, also where PyKEEN leaves it out because training was
    stopped.

    :param loop: the training loop
    """

    def __init__(self, loop: TrainingLoop[Any]) -> None:
        self._loop = loop
        self._callbacks: MultiTrainingCallback | None = None
        self._recorder: LossRecorder | None = None

    def attach(self, callbacks: MultiTrainingCallback, run: Run) -> None:
        """Take PyKEEN's callbacks, which are changed in place.

        :param callbacks: the callbacks
        :param run: the run that gets the losses
        """
        self._callbacks, self._recorder = callbacks, LossRecorder(run)
        callbacks.callbacks[:] = [
            InPhase(c, lambda: run.phase("evaluation")) if isinstance(c, EVALUATING) else c  # type: ignore[misc]
            for c in callbacks.callbacks
        ]
        callbacks.register_callback(self._recorder)

    def after_epoch(self, run: Run, epoch: int, loss: float) -> None:
        """Take stoppers and schedules away from a cut epoch: when training goes on, this epoch is not over."""
        if run.position is not None and self._callbacks is not None:
            self._callbacks.callbacks[:] = [c for c in self._callbacks.callbacks if not _is_of_whole_epochs(c)]

    def end(self, run: Run) -> None:
        """Call ``post_train`` if PyKEEN has not."""
        if self._callbacks is not None and self._recorder is not None and not self._recorder.is_trained:
            self._callbacks.post_train(losses=self._loop.losses_per_epochs)
        self._callbacks = self._recorder = None


class LossRecorder(TrainingCallback):
    """Hands the losses of (sub-)batches to a run.

    :param run: the run
    """

    def __init__(self, run: Run) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._run = run
        #: Whether ``post_train`` was called
        self.is_trained = False

    def on_batch(self, epoch: int, batch: Any, batch_loss: Any, **kwargs: Any) -> None:
        """Hand on the loss of a (sub-)batch."""
        self._run.add_loss(batch_loss)

    def post_train(self, losses: list[float], **kwargs: Any) -> None:
        """Remember that the training's end was announced."""
        self.is_trained = True


class InPhase:
    """A callback whose work is counted as a phase of its own.

    :param callback: the callback
    :param phase: makes the phase's context
    """

    def __init__(self, callback: TrainingCallback, phase: Callable[[], AbstractContextManager[None]]) -> None:
        self.callback, self._phase = callback, phase

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.callback, name)
        if not name.startswith(("pre_", "on_", "post_")):
            return attribute

        def call(*args: Any, **kwargs: Any) -> None:
            with self._phase():
                attribute(*args, **kwargs)

        return call


def _is_of_whole_epochs(callback: Any) -> bool:
    """Tell whether a callback's work at the end of an epoch is part of the training that goes on."""
    inner = callback.callback if isinstance(callback, InPhase) else callback
    return isinstance(inner, StopperTrainingCallback | LearningRateSchedulerTrainingCallback)
