"""The part of a training loop that runs epochs as far as a budget goes, and does what is due between steps."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import torch
from pykeen.training.callbacks import MultiTrainingCallback, StopperTrainingCallback
from tqdm.auto import tqdm

from ...pykeen_internals import free_memory
from .clock import TimeBudget
from .epoch import EVALUATING, EpochBatches, EpochRecord, InPhase, Position
from .random_state import get_random_state, set_random_state
from .resume import ResumableMixin
from .schedule import BudgetLR
from .stopper import TimedStopper

__all__ = ["BudgetedEpochsMixin", "StopReason"]

BatchType = TypeVar("BatchType")

#: Why a training ended
StopReason: TypeAlias = Literal["budget", "early stopping", "epochs"]


class BudgetedEpochsMixin(ResumableMixin[BatchType], Generic[BatchType]):
    """Epochs under a budget, whether ``_train_epoch`` is PyKEEN's or another that iterates over batches.

    Such an epoch must take its batches from what it is given, one after the other, call ``on_batch`` with the loss of
    each (sub-)batch, as a number or a tensor, and be done with a batch's optimizer step before it asks for the next.
    """

    #: The budget, if there is one
    time_budget: TimeBudget | None
    #: Why the last training ended
    stop_reason: StopReason | None

    _callbacks: MultiTrainingCallback | None
    _record: EpochRecord
    _progress: tqdm[Any] | None
    _signal: str | None
    _num_epochs: int
    _total_steps: int
    _triples_per_epoch: int
    _triples_per_step: float
    _next_checkpoint: float
    _on_gpu: bool
    _last_step: torch.cuda.Event | None

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Count the time inside as that of a phase, instead of as training: it is reported, not charged.

        :param name: the phase, e.g. ``"evaluation"`` in a callback that evaluates, ``"set-up"`` for compilation
        :return: a context
        """
        return self.stopwatch.phase(name)

    @property
    def _is_spent(self) -> bool:
        return self.time_budget is not None and self.time_budget.is_spent

    def _train_epoch(  # type: ignore[override]
        self, batches: Any, callbacks: Any, *, only_size_probing: bool, backward: bool = True, **kwargs: Any
    ) -> float:
        """Run one epoch, or as much of it as the budget allows."""
        if only_size_probing or not backward:
            return super()._train_epoch(
                batches, callbacks, only_size_probing=only_size_probing, backward=backward, **kwargs
            )
        if self._callbacks is None:
            self._start(callbacks, len(batches))
        with self.phase("training"):
            loss = self._train_batches(self._open_epoch(batches), callbacks, **kwargs)
        # what PyKEEN does between epochs
        self.stopwatch.switch("callbacks")
        assert self._position is not None
        if self._position.is_complete:
            self._position = None
        else:
            # an early stopper looks at whole epochs: when training goes on, this one is not over
            callbacks.callbacks[:] = [c for c in callbacks.callbacks if not _is_stopper(c)]
        if self._progress is not None:
            self._progress.set_postfix(epoch=kwargs["epoch"], loss=loss, refresh=False)
        return loss

    def _start(self, callbacks: MultiTrainingCallback, num_batches: int) -> None:
        """Prepare for the first step of this run."""
        self._callbacks, self._last_step = callbacks, None
        self._on_gpu = self.device.type == "cuda"
        callbacks.callbacks[:] = [
            InPhase(c, lambda: self.phase("evaluation")) if isinstance(c, EVALUATING) else c  # type: ignore[misc]
            for c in callbacks.callbacks
        ]
        callbacks.register_callback(self._record)
        self._triples_per_step = self._triples_per_epoch / num_batches
        self._total_steps = num_batches * self._num_epochs
        if isinstance(self.lr_scheduler, BudgetLR):
            self.lr_scheduler.advance(self._share_done)
        if self._checkpoint_seconds is not None and self._checkpoint_path is not None:
            # at once: what cannot be written is better known before the first step
            if self._resume_from is None:
                self._save_state(self._checkpoint_path)
            self._next_checkpoint = self.stopwatch.elapsed("training") + self._checkpoint_seconds

    def _open_epoch(self, batches: Any) -> EpochBatches[BatchType]:
        """Begin an epoch, or go on with one."""
        random_state, self._resume_from = self._resume_from, None
        if self._position is None:
            if random_state is not None:
                set_random_state(random_state)
            random_state = None
            self._position = Position(num_losses=len(self.losses_per_epochs), num_batches=len(batches))
        elif self._position.num_batches != len(batches):
            raise ValueError(
                f"batch_size gives {len(batches)} batches an epoch, and the checkpoint is in the middle of an epoch of "
                f"{self._position.num_batches}: go on with the same batch_size, sampler and drop_last."
            )
        else:
            # in the process which began the epoch, the random state is where it was left
            random_state = random_state or get_random_state()
        self._record.total, self._record.count = self._position.loss, 0
        return EpochBatches(batches, self._position, random_state, self._after_step)

    def _train_batches(self, batches: EpochBatches[BatchType], callbacks: Any, **kwargs: Any) -> float:
        """Run the steps of an epoch.

        :return: the mean loss of the epoch's steps, those before a checkpoint included
        """
        assert self._position is not None
        loss = 0.0
        if not batches.is_empty:
            loss = super()._train_epoch(batches, callbacks, only_size_probing=False, **kwargs)  # type: ignore[arg-type]
        self._position.loss = float(self._record.total)
        if self._record.count or batches.is_empty:
            loss = self._position.loss / self._position.step
        if self._is_spent or self._signal is not None:
            # the base class then writes the checkpoint and returns
            self._should_stop, self.stop_reason = True, "budget"
        return loss

    def _after_step(self) -> bool:
        """Do what is due after an optimizer step.

        :return: whether another step may follow
        """
        assert self._position is not None
        self.num_steps += 1
        self._position.step += 1
        self._wait_for_device()
        if isinstance(self.lr_scheduler, BudgetLR):
            self.lr_scheduler.advance(self._share_done)
        elapsed = self.stopwatch.elapsed("training")
        if self._progress is not None and self.time_budget is not None:
            # a bar over seconds: its position is the time, however long the steps are
            self._progress.update(min(elapsed, self.time_budget.seconds) - self._progress.n)
        if (self.time_budget is not None and elapsed >= self.time_budget.seconds) or self._signal is not None:
            return False
        if isinstance(self._stopper, TimedStopper) and self._stopper.is_due(elapsed):
            self._should_stop |= self._evaluate(self._stopper)
        if elapsed >= self._next_checkpoint and self._checkpoint_path is not None:
            self._position.loss = self._record.total
            self._save_state(self._checkpoint_path)
            self._next_checkpoint = elapsed + (self._checkpoint_seconds or 0.0)
        return not self._should_stop

    def _wait_for_device(self) -> None:
        """Let a GPU, which works on its own, be one step behind at most: the clock is to tell what is done."""
        if self.time_budget is None or not self._on_gpu:
            return
        done = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()
        if self._last_step is not None:
            self._last_step.synchronize()
        self._last_step = done

    @property
    def _share_done(self) -> float:
        """The share of the training that is done: of the budget, or without one of all epochs' steps."""
        if self.time_budget is not None:
            return self.time_budget.elapsed / self.time_budget.seconds
        return self.num_steps / self._total_steps

    def _evaluate(self, stopper: TimedStopper, final: bool = False) -> bool:
        """Evaluate the model in the middle of an epoch, or at the end.

        :return: whether the stopper wants the training to stop
        """
        with self.phase("evaluation"):
            stop = stopper.look(self.num_steps, self.stopwatch.elapsed("training"), final=final)
            free_memory(self.model)
            if not final:
                self.model.train()
        return stop


def _is_stopper(callback: Any) -> bool:
    return isinstance(callback, InPhase) and isinstance(callback.callback, StopperTrainingCallback)
