"""The run of one of PyKEEN's training loops: what is due in it, and its checkpoints."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, Final

from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import TrainingLoop
from pykeen.training.callbacks import MultiTrainingCallback
from pykeen.triples import CoreTriplesFactory
from tqdm.auto import tqdm

from ...devices import recorded_event
from ...pykeen_internals import get_epoch, is_asked_to_stop, set_epoch
from ...wording import count
from .arguments import CheckpointPlan, check_batch_size
from .callbacks import CallbackAdapter
from .checkpoint import load_checkpoint, save_checkpoint
from .due import DeviceQueue, Due, Limits, Saving, Schedule, StopRequest, WallClock
from .finite_state import NonFiniteStateError, check_finite_state
from .metric import check_direction
from .position import Progress
from .progress_bar import ProgressBar
from .report import report
from .run import Run
from .schedule import BudgetLR
from .signals import Interruption, on_signal
from .state import TrainingState, compare_identities, compare_settings, forget_cut_epoch
from .stopper import TimedStopper
from .validation import BestModel, Validation

__all__ = ["LoopRun"]

logger = logging.getLogger(__name__)

#: The method by which PyKEEN's stoppers read their part of a checkpoint
_READING: Final = "load_summary_dict_from_training_loop_checkpoint"


class LoopRun(Run):
    """A run of one of PyKEEN's training loops.

    After each step these are due, in this order: the learning rate, the progress bar, the limits (budget, signal, wall
    clock), the timed evaluation, the checkpoint, a callback's request to stop. Once one of them stops the run, the rest
    have no turn. At the end: the last evaluation, ``post_train``, the best model, the last checkpoint.

    :param loop: the training loop
    :param triples_factory: the training triples
    :param stopper: the early stopper, if there is one
    :param checkpoint: where and when checkpoints are written
    :param arguments: the arguments of ``train``
    :param bar: a progress bar over seconds, if there is one
    :param first: what is due before all else, as a warm start
    :param wall_clock: the seconds from now on after which the run ends, whatever was done in them; None for no limit
    :param kwargs: further arguments of :class:`Run`
    """

    def __init__(
        self,
        loop: TrainingLoop[Any],
        triples_factory: CoreTriplesFactory,
        *,
        stopper: Stopper | None = None,
        checkpoint: CheckpointPlan | None = None,
        arguments: Mapping[str, Any] | None = None,
        bar: tqdm[Any] | None = None,
        first: Sequence[Due] = (),
        wall_clock: float | None = None,
        **kwargs: Any,
    ) -> None:
        self._loop, self._bar = loop, bar
        self._checkpoint = checkpoint or CheckpointPlan()
        self._stopper = stopper
        self._stopper_summary: Mapping[str, Any] = {}
        self._state = TrainingState(loop, stopper, triples_factory, arguments or {})
        self._triples = triples_factory.mapped_triples
        if isinstance(stopper, EarlyStopper):
            check_direction(stopper)
        self._callbacks = CallbackAdapter(loop)
        num_triples = triples_factory.num_triples * (2 if triples_factory.create_inverse_triples else 1)
        super().__init__(num_triples=num_triples, **kwargs)
        self.due = (*first, *self._list_due(stopper, wall_clock))

    def _list_due(self, stopper: Stopper | None, wall_clock: float | None) -> list[Due]:
        due: list[Due] = [Schedule(self._set_learning_rate)]
        if self._bar is not None:
            due.append(ProgressBar(self._bar, stopper if isinstance(stopper, EarlyStopper) else None))
        due.append(Limits())
        if wall_clock is not None:
            due.append(WallClock(wall_clock, self.stopwatch.clock))
        if isinstance(stopper, TimedStopper):
            due.append(Validation(stopper))
        due.append(self._callbacks)
        if isinstance(stopper, EarlyStopper):
            due.append(BestModel(stopper))
        path = self._checkpoint.path
        if path is not None:
            due.append(Saving(path, self._checkpoint.seconds, self._save_at_path))
        return [*due, StopRequest(self._is_asked_to_stop)]

    @property
    def batch_size(self) -> int | None:
        """The number of instances per batch; None where nothing is said and nothing is found yet."""
        return self._state.batch_size

    def note_batch_size(self, batch_size: int) -> None:
        """Take a batch size that was found for one that was said, so that a run which goes on has the same.

        :param batch_size: the batch size
        """
        self._state.batch_size = self._state.batch_size or batch_size

    @property
    def split(self) -> Mapping[str, int | None]:
        """How batches are split where a search has found that; empty where it is as the arguments say."""
        return self._state.split

    def note_split(self, sub_batch_size: int | None, slice_size: int | None) -> None:
        """Take what a search has found, so that a run which goes on has the same.

        :param sub_batch_size: the size of sub-batches; None for whole batches
        :param slice_size: the size of slices; None for none
        """
        self._state.split = dict(sub_batch_size=sub_batch_size, slice_size=slice_size)

    def take_over(self, previous: LoopRun | None) -> None:
        """Begin where the run before has ended, or anew.

        :param previous: the run before; None to begin anew
        """
        if previous is not None:
            self._state.batch_size = self._state.batch_size or previous.batch_size
            self._state.split = previous.split
            forget_cut_epoch(self._loop, previous.position)
            self.go_on_from(previous.progress)
            return
        # PyKEEN would go on after the epochs of the training before, with parameters that are made anew
        set_epoch(self._loop, 0)
        self._loop.losses_per_epochs = []
        self.go_on_from(Progress())

    @contextmanager
    def in_progress(self, stop_on_signal: bool) -> Iterator[None]:
        """Measure all the time inside, first of all as set-up; afterwards report.

        Ctrl-C ends a run with checkpoints like those signals do.

        :param stop_on_signal: whether SIGTERM and SIGUSR1 stop the run
        :raises KeyboardInterrupt: if Ctrl-C has ended the run, after its last checkpoint; or the second time, at once
        """
        interruption = Interruption(self.stop_by_signal)
        with ExitStack() as stack:
            stack.enter_context(self._bar or nullcontext())
            stack.enter_context(self.phase("set-up"))
            stack.enter_context(self._reading_once())
            if stop_on_signal:
                stack.enter_context(on_signal(self.stop_by_signal))
            if self._checkpoint.path is not None and interruption.is_possible():
                stack.enter_context(interruption.listening())
            yield
            if self.stop_reason is None:
                # the stopper had stopped before the checkpoint, and PyKEEN returned at once
                self.end("early stopping")
        report(self, self._loop.result_tracker, get_epoch(self._loop))
        interruption.check()

    @contextmanager
    def _reading_once(self) -> Iterator[None]:
        """Hand PyKEEN the stopper's part of the checkpoint that was read.

        PyKEEN reads the file again, by pickle, and to the devices that it was written from.
        """
        if self._stopper is None:
            yield
            return
        setattr(self._stopper, _READING, lambda path: self._stopper_summary)
        try:
            yield
        finally:
            delattr(self._stopper, _READING)

    def begin_loop(self, callbacks: MultiTrainingCallback, batches: Any) -> None:
        """Prepare for the first step.

        :param callbacks: PyKEEN's callbacks, changed in place
        :param batches: the batches of an epoch
        """
        if self.budget is not None and self._loop.device.type == "cuda":
            self.wait = DeviceQueue(partial(recorded_event, self._loop.device))
        self._callbacks.attach(callbacks, self)
        self.num_triples = _count_seen(batches, self.num_triples)
        self.begin(len(batches))

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
        """Write a checkpoint. Once a step is done, a file that cannot be written is an error in the log only.

        :param path: the file
        :raises CheckpointError: if there is something in the state which a checkpoint cannot hold
        :raises NonFiniteStateError: if no training could go on from the state; the previous checkpoint stays
        :raises OSError: if the file cannot be written, and no step is done
        """
        with self.phase("checkpoint"):
            state = self._state.get(self.progress)
            self._check(state, path)
            try:
                save_checkpoint(path, state)
            except OSError as error:
                if not self.has_trained:
                    raise
                logger.error(
                    "No checkpoint after %s, the training goes on without: %s", count(self.num_steps, "step"), error
                )
                return
        logger.info("Checkpoint after %s: %s", count(self.num_steps, "step"), path)

    def _check(self, state: dict[str, Any], path: Path) -> None:
        try:
            check_finite_state(state, self._loop.model, self._triples, self._loop.mode)
        except NonFiniteStateError as error:
            raise NonFiniteStateError(
                f"No checkpoint is written at step {self.num_steps}, as no training could go on from it: {error}. "
                f"checkpoint={str(path)!r} stays as it was. A smaller learning rate may help."
            ) from error

    def load(self, path: Path) -> None:
        """Go on from a checkpoint.

        :param path: the file
        :raises CheckpointError: if the file is damaged, foreign, or of another model, dataset or loop
        :raises ValueError: if a batch size would have to be searched
        """
        state = load_checkpoint(path)
        compare_identities(path, state["identity"], self._state.identify())
        compare_settings(f"checkpoint={str(path)!r}", state.get("settings"), self._state.settings)
        check_batch_size(self._loop, self.batch_size or state.get("batch_size"))
        progress = self._state.load(state)
        self._stopper_summary = state["stopper_dict"]
        set_up = progress.seconds.get("set-up", 0.0) + self.stopwatch.elapsed("set-up")
        self.go_on_from(dataclasses.replace(progress, seconds={**progress.seconds, "set-up": set_up}))
        logger.info("Going on after %s, %.1f s of training", count(self.num_steps, "step"), self.elapsed)

    def _set_learning_rate(self, share: float) -> None:
        # looked up each time, as PyKEEN makes another scheduler when a training starts anew
        if isinstance(self._loop.lr_scheduler, BudgetLR):
            self._loop.lr_scheduler.advance(share)

    def _save_at_path(self) -> None:
        assert self._checkpoint.path is not None
        self.save(self._checkpoint.path)

    def _is_asked_to_stop(self) -> bool:
        return is_asked_to_stop(self._loop)


def _count_seen(batches: Any, num_triples: int) -> int:
    """Count the training triples of an epoch: ``drop_last`` leaves out those of its last batch.

    An instance of LCWA is a pair with all of its triples: such an epoch has that share of the triples on average.

    :param batches: the batches, or a progress bar over them
    :param num_triples: the training triples
    :return: the number of those in the batches
    """
    loader = getattr(batches, "iterable", batches)
    dataset = getattr(loader, "dataset", loader)
    # PyKEEN's instances for sLCWA are batches already
    source = dataset if hasattr(dataset, "batch_size") else loader
    if not getattr(source, "drop_last", False):
        return num_triples
    instances = getattr(dataset, "mapped_triples", getattr(dataset, "triples", dataset))
    seen: int = len(batches) * source.batch_size
    return num_triples * seen // len(instances)
