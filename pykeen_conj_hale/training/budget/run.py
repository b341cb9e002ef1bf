"""A run: one training, from its first step to the reason for its end. It knows nothing of PyKEEN."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Literal, TypeAlias, TypeVar

from torch import Tensor

from .clock import Stopwatch, TimeBudget
from .due import Due
from .epoch import Batches, EpochBatches, open_epoch
from .position import Position, Progress

__all__ = ["Run", "StopReason"]

logger = logging.getLogger(__name__)

BatchType = TypeVar("BatchType")

#: Why a training ended
StopReason: TypeAlias = Literal["budget", "early stopping", "epochs", "wall clock"]


class Run:
    """One training: its time, its position, what is due in it, and the reason for its end.

    Whoever trains calls it at these moments; :class:`EpochBatches` calls :meth:`after_step`::

        run.go_on_from(progress)
        while run.stop_reason is None:
            if not run.has_begun:
                run.begin(len(batches))
            for batch in run.open_epoch(batches, num_losses=len(losses)):
                run.add_loss(train_one_step(batch))
            losses.append(run.close_epoch(len(losses) + 1))
        run.end("epochs")

    :param budget: the budget, if there is one
    :param stopwatch: what measures the seconds by phase; that of the budget if there is one
    :param due: what is due, in the order in which it is asked. After a step that stops the run the rest of the list is
        not asked any more.
    :param num_epochs: the number of epochs, which gives the share of the training done if there is no budget
    :param num_triples: the training triples that an epoch's batches have
    :param reset_budget: whether the seconds of training before this run are forgotten
    """

    def __init__(
        self,
        budget: TimeBudget | None = None,
        stopwatch: Stopwatch | None = None,
        *,
        due: Iterable[Due] = (),
        num_epochs: int = 1,
        num_triples: int = 0,
        reset_budget: bool = False,
    ) -> None:
        self.budget = budget
        self.stopwatch = budget.stopwatch if budget is not None else stopwatch or Stopwatch()
        self.due = tuple(due)
        self.num_epochs, self.num_triples, self.reset_budget = num_epochs, num_triples, reset_budget
        #: The batches per epoch; 0 before the first step
        self.num_batches = 0
        #: The optimizer steps so far, those of the runs before included
        self.num_steps = 0
        #: The whole epochs so far, those of the runs before included
        self.epochs_done = 0
        #: The place in the current epoch; None between epochs
        self.position: Position | None = None
        #: The random states which the next epoch goes on with; None for those of this process
        self.random_state: dict[str, Any] | None = None
        self.stop_reason: StopReason | None = None
        #: The name of the signal that ends the run
        self.signal: str | None = None
        #: Called after each step, before the clock is read; a device that works on its own is waited for here
        self.wait: Callable[[], None] | None = None
        self._loss: float | Tensor = 0.0
        # of the runs before
        self._steps_before, self._seconds_before = 0, 0.0

    def go_on_from(self, progress: Progress) -> None:
        """Take over what runs before this one have come to, before the first step.

        :param progress: the progress of the run before, or of a checkpoint; the default one to start anew
        """
        seconds = {**progress.seconds, "training": 0.0} if self.reset_budget else progress.seconds
        self.stopwatch.reset(seconds)
        self.num_steps, self.position = progress.num_steps, progress.position
        self.epochs_done = progress.epochs_done
        self.random_state = progress.random_state
        self._steps_before, self._seconds_before = progress.num_steps, self.elapsed

    @property
    def has_trained(self) -> bool:
        """Whether this run has done a step, which an error could lose."""
        return self.num_steps > self._steps_before

    @property
    def progress(self) -> Progress:
        """What a run after this one can go on from."""
        return Progress(self.stopwatch.seconds, self.num_steps, self.epochs_done, self.position, self.random_state)

    @property
    def elapsed(self) -> float:
        """The seconds of training so far, those of the runs before included."""
        return self.stopwatch.elapsed("training")

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left of the budget."""
        return self.budget is not None and self.budget.is_spent

    def share_done(self, elapsed: float) -> float:
        """Compute the share of the training that is done: that of the seconds under a budget, else that of the epochs.

        :param elapsed: the seconds of training
        :return: the share, ≥ 0; above 1 where the last step overran the budget
        """
        if self.budget is not None:
            return elapsed / self.budget.seconds
        # as if all epochs had had as many batches as those of this run
        steps = self.epochs_done * self.num_batches + (0 if self.position is None else self.position.step)
        return steps / (self.num_batches * self.num_epochs)

    @property
    def is_finished(self) -> bool:
        """Whether the training is over, and not only this run: no signal and no wall clock has cut it off."""
        return self.stop_reason is not None and self.stop_reason != "wall clock" and self.signal is None

    @property
    def triples_per_second(self) -> float:
        """The number of training triples per second of training in this run; 0 before its first step."""
        seconds = self.elapsed - self._seconds_before
        if not self.has_trained or not seconds:
            return 0.0
        return self.num_triples / self.num_batches * (self.num_steps - self._steps_before) / seconds

    @property
    def is_resumed(self) -> bool:
        """Whether the first step goes on from a checkpoint, whose random states are still to be taken over."""
        return self.random_state is not None

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Count the time inside as that of a phase, and not as training."""
        return self.stopwatch.phase(name)

    @property
    def has_begun(self) -> bool:
        """Whether :meth:`begin` was called."""
        return self.num_batches > 0

    def begin(self, num_batches: int) -> None:
        """Prepare for the first step.

        :param num_batches: the batches per epoch
        """
        self.num_batches = num_batches
        for due in self.due:
            due.begin(self)

    def open_epoch(self, batches: Batches[BatchType], num_losses: int) -> EpochBatches[BatchType]:
        """Begin an epoch, or go on with the one that was begun; from here on seconds of training are counted.

        :param batches: all batches of the epoch
        :param num_losses: the number of losses of the epochs before
        :return: the batches to train with
        :raises ValueError: if the epoch that was begun has another number of batches
        """
        self.stopwatch.switch("training")
        rest = open_epoch(batches, self.position, num_losses, self.random_state, self.after_step)
        self.position, self.random_state = rest.position, None
        self._loss = self.position.loss
        return rest

    def add_loss(self, loss: float | Tensor) -> None:
        """Add the loss of a (sub-)batch; tensors are added on their device."""
        self._loss = self._loss + loss

    def after_step(self) -> bool:
        """Count an optimizer step, and do what is due.

        :return: whether another step may follow
        """
        assert self.position is not None
        self.num_steps += 1
        self.position.step += 1
        self.position.loss = self._loss
        if self.wait is not None:
            self.wait()
        # one look at the clock: all that is due at some time sees the same time
        elapsed = self.elapsed
        for due in self.due:
            due.after_step(self, elapsed)
            if self.stop_reason is not None:
                return False
        return True

    def close_epoch(self, epoch: int) -> float:
        """End an epoch, or leave it where the run has to stop.

        The time from here to the next epoch counts as the phase ``"callbacks"``.

        :param epoch: the epoch's number
        :return: the mean loss of the epoch's steps, those before a checkpoint included
        """
        assert self.position is not None
        self.position.loss = float(self.position.loss)
        loss = self.position.mean_loss
        if self.is_spent or self.signal is not None:
            self.stop("budget")
        if self.position.is_complete:
            self.position = None
            self.epochs_done += 1
        self.stopwatch.switch("callbacks")
        for due in self.due:
            due.after_epoch(self, epoch, loss)
        return loss

    def stop(self, reason: StopReason) -> None:
        """Let no further step follow.

        :param reason: the reason
        """
        self.stop_reason = reason

    def stop_by_signal(self, name: str) -> None:
        """Stop after the current step, as if the budget were spent.

        :param name: the signal's name
        """
        if self.stop_reason is not None:
            return
        logger.warning("%s: the training ends after the current step.", name)
        self.signal = name

    def end(self, reason: StopReason) -> None:
        """Finish the run: everything that is due at its end is done.

        :param reason: why the training ended, unless the run itself has stopped it
        """
        self.stop_reason = self.stop_reason or reason
        for due in self.due:
            due.end(self)
