"""The run of one of PyKEEN's training loops: what is due in it, and its checkpoints."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import SymmetricLCWATrainingLoop, TrainingLoop
from pykeen.training.callbacks import MultiTrainingCallback
from pykeen.triples import CoreTriplesFactory
from tqdm.auto import tqdm

from ...pykeen_internals import get_epoch, is_asked_to_stop, set_epoch
from .arguments import CheckpointPlan
from .callbacks import CallbackAdapter
from .checkpoint import load_checkpoint, save_checkpoint
from .due import DeviceQueue, Due, Limits, Saving, Schedule, StopRequest
from .position import Progress
from .progress_bar import ProgressBar
from .report import report
from .run import Run
from .schedule import BudgetLR
from .signals import on_signal
from .state import TrainingState, compare_identities, forget_cut_epoch
from .stopper import TimedStopper
from .validation import BestModel, Validation

__all__ = ["LoopRun"]

logger = logging.getLogger(__name__)


class LoopRun(Run):
    """A run of one of PyKEEN's training loops.

    After each step these are due, in this order: the learning rate, the progress bar, the limits (budget and signal),
    the timed evaluation, the checkpoint, a callback's request to stop. Once one of them stops the run, the rest of
    them have no turn. At the end: the last evaluation, ``post_train``, the best model, the last checkpoint.

    :param loop: the training loop
    :param triples_factory: the training triples
    :param stopper: the early stopper, if there is one
    :param checkpoint: where and when checkpoints are written
    :param bar: a progress bar over seconds, if there is one
    :param kwargs: further arguments of :class:`Run`
    """

    def __init__(
        self,
        loop: TrainingLoop[Any],
        triples_factory: CoreTriplesFactory,
        *,
        stopper: Stopper | None = None,
        checkpoint: CheckpointPlan | None = None,
        bar: tqdm[Any] | None = None,
        **kwargs: Any,
    ) -> None:
        self._loop, self._bar = loop, bar
        self._checkpoint = checkpoint or CheckpointPlan()
        self._state = TrainingState(loop, stopper, triples_factory)
        self._callbacks = CallbackAdapter(loop)
        inverse = triples_factory.create_inverse_triples and not isinstance(loop, SymmetricLCWATrainingLoop)
        num_triples = triples_factory.num_triples * (2 if inverse else 1)
        super().__init__(due=self._list_due(stopper), num_triples=num_triples, **kwargs)

    def _list_due(self, stopper: Stopper | None) -> list[Due]:
        due: list[Due] = [Schedule(self._set_learning_rate)]
        if self._bar is not None:
            due.append(ProgressBar(self._bar))
        due.append(Limits())
        if isinstance(stopper, TimedStopper):
            due.append(Validation(stopper))
        due.append(self._callbacks)
        if isinstance(stopper, EarlyStopper):
            due.append(BestModel(stopper))
        path = self._checkpoint.path
        if path is not None:
            due.append(Saving(path, self._checkpoint.seconds, self._save_at_path))
        return [*due, StopRequest(self._is_asked_to_stop)]

    def take_over(self, previous: Run | None) -> None:
        """Begin where the run before has ended, or anew.

        :param previous: the run before; None to begin anew
        """
        if previous is not None:
            forget_cut_epoch(self._loop, previous.position)
            self.go_on_from(previous.progress)
            return
        if isinstance(self._loop.lr_scheduler, BudgetLR):
            self._loop.lr_scheduler.reset()
        self.go_on_from(Progress())

    @contextmanager
    def in_progress(self, stop_on_signal: bool) -> Iterator[None]:
        """Measure all the time inside, first of all as set-up; afterwards report.

        :param stop_on_signal: whether signals stop the run
        """
        with ExitStack() as stack:
            if self._bar is not None:
                stack.enter_context(self._bar)
            stack.enter_context(self.phase("set-up"))
            if stop_on_signal:
                stack.enter_context(on_signal(self.stop_by_signal))
            yield
        if self.stop_reason is None:
            # the stopper had stopped before the checkpoint, and PyKEEN returned at once
            self.stop("early stopping")
        report(self, self._loop.result_tracker, get_epoch(self._loop))

    def begin_loop(self, callbacks: MultiTrainingCallback, num_batches: int) -> None:
        """Prepare for the first step.

        :param callbacks: PyKEEN's callbacks, changed in place
        :param num_batches: the batches per epoch
        """
        if self.budget is not None and self._loop.device.type == "cuda":
            self.wait = DeviceQueue()
        self._callbacks.attach(callbacks, self)
        self.begin(num_batches)

    def skip_training(self) -> int:
        """Let PyKEEN do everything but training, as the budget is spent, and say so.

        :return: the number of epochs with which PyKEEN does none
        """
        assert self.budget is not None
        logger.warning(
            "time_budget=%g s is spent (%.3f s of training are done): no step is done. A larger time_budget, or "
            "reset_time_budget=True, trains on.",
            self.budget.seconds,
            self.elapsed,
        )
        if self.position is not None and self.position.step:
            # as PyKEEN does with a cut epoch
            self._loop.losses_per_epochs.append(self.position.mean_loss)
            set_epoch(self._loop, get_epoch(self._loop) + 1)
        self.stop("budget")
        return get_epoch(self._loop)

    def save(self, path: Path) -> None:
        """Write a checkpoint.

        :param path: the file
        :raises CheckpointError: if there is something in the state which a checkpoint cannot hold
        """
        with self.phase("checkpoint"):
            save_checkpoint(path, self._state.get(self.progress))
        logger.info("Checkpoint after %d steps: %s", self.num_steps, path)

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        :param path: the file
        :raises CheckpointError: if the file is damaged, foreign, or of another model, dataset or loop
        """
        state = load_checkpoint(path, device=self._loop.device)
        compare_identities(path, state["identity"], self._state.identify())
        progress = self._state.load(state)
        set_up = progress.seconds.get("set-up", 0.0) + self.stopwatch.elapsed("set-up")
        self.go_on_from(dataclasses.replace(progress, seconds={**progress.seconds, "set-up": set_up}))
        logger.info("Going on after %d steps, %.1f s of training", self.num_steps, self.elapsed)

    def _set_learning_rate(self, share: float) -> None:
        # looked up each time, as PyKEEN makes another scheduler when a training starts anew
        if isinstance(self._loop.lr_scheduler, BudgetLR):
            self._loop.lr_scheduler.advance(share)

    def _save_at_path(self) -> None:
        assert self._checkpoint.path is not None
        self.save(self._checkpoint.path)

    def _is_asked_to_stop(self) -> bool:
        return is_asked_to_stop(self._loop)
