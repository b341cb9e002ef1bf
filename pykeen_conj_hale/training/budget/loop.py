"""The part of a training loop that keeps a time budget.

Only training is counted: evaluation, set-up, size probing and the writing of checkpoints are not. The budget is looked
at after each optimizer step, so that it is overrun by at most one step.
"""

from __future__ import annotations

import gc
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar, Final, Generic, TypeVar

from pykeen.stoppers import NopStopper, Stopper
from pykeen.training import TrainingLoop
from pykeen.triples import CoreTriplesFactory
from tqdm.auto import tqdm

from ...checks import check_bool, check_path
from ...pykeen_internals import forget_computed, let_callbacks_clip
from ..optimizer import let_make_again, mark_as_used
from ..recording import record, record_model
from ..sparse_rows import DenseGradients
from ..threads import ThreadChoice
from ..warm_start import WarmStart, plan_warm_start
from .arguments import CheckpointPlan, check_batch_size, check_optimizer, check_train_arguments
from .clock import Duration, Stopwatch, TimeBudget, parse_seconds
from .due import Due
from .loop_run import LoopRun
from .outputs import holding_outputs
from .passes import leaving_no_trace
from .progress_bar import make_bar, make_epoch_bar
from .run import StopReason

__all__ = ["TimeBudgetMixin"]

logger = logging.getLogger(__name__)

BatchType = TypeVar("BatchType")

#: More epochs than any budget allows
_UNLIMITED_EPOCHS: Final = 2**31


class TimeBudgetMixin(TrainingLoop[BatchType], Generic[BatchType]):
    """The part of a training loop that keeps a time budget; put it before PyKEEN's loop among the bases.

    With a budget, the number of epochs does not matter. A training that the budget ends ends like any other: losses and
    result are those of the steps done, the checkpoint is written, ``post_train`` callbacks run, and the best model of
    an early stopper is restored. A budget of zero, or one that was spent before a checkpoint, allows no step.

    The loop's ``_train_epoch`` may be PyKEEN's or another. It must take its batches from what it is given, one after
    the other, call ``on_batch`` with the loss of each (sub-)batch, as a number or a tensor, and be done with a batch's
    optimizer step before it asks for the next batch.
    """

    #: The search space: the number of epochs has no meaning under a budget
    hpo_default: ClassVar[Mapping[str, Any]] = dict(  # type: ignore[assignment, misc]
        batch_size=TrainingLoop.hpo_default["batch_size"]
    )

    def __init__(
        self,
        *,
        time_budget: Duration | TimeBudget | None = None,
        wall_clock: Duration | None = None,
        stop_on_signal: bool = False,
        start_from: str | Path | None = None,
        threads: int | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the loop.

        :param time_budget: the time of training: seconds, a :class:`datetime.timedelta`, or ``"HH:MM:SS"``; None for no
            limit
        :param wall_clock: the time that each :meth:`train` may take by the clock on the wall, in the same forms:
            set-up, evaluation and all else is counted, and nothing of the runs before a checkpoint; None for no limit
        :param stop_on_signal: whether SIGTERM and SIGUSR1 end a training as its budget does, after the current step
        :param start_from: what a training that starts afresh begins with, by the labels of entities and relations: a
            folder of a pipeline's ``save_to_directory`` (its pickle is executed), or a file of
            :func:`~pykeen_conj_hale.embeddings.export_embeddings`; see :mod:`~pykeen_conj_hale.training.warm_start`
        :param threads: the number of PyTorch's threads during a training on a CPU; None to choose it, by measuring: see
            :class:`~pykeen_conj_hale.training.threads.ThreadChoice`
        :param kwargs: further arguments of the training loop
        :raises ValueError: if the budget is not a finite number of seconds ≥ 0, or another argument is not allowed
        """
        if wall_clock is not None:
            wall_clock = parse_seconds("wall_clock", wall_clock, positive=True)
        if start_from is not None:
            start_from = check_path("start_from", start_from)
        if time_budget is not None and not isinstance(time_budget, TimeBudget):
            time_budget = TimeBudget(time_budget)
        super().__init__(**kwargs)
        self.time_budget = time_budget
        self.wall_clock, self.start_from = wall_clock, start_from
        self.stop_on_signal = check_bool("stop_on_signal", stop_on_signal)
        self._triples_factory = kwargs["triples_factory"]
        self.threads = ThreadChoice(threads)
        # that of the last training; for now one without any step
        self._run = LoopRun(self, kwargs["triples_factory"], budget=time_budget)

    @property
    def stopwatch(self) -> Stopwatch:
        """What measures the seconds of each phase."""
        return self._run.stopwatch

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds of each phase: set-up, training, evaluation, checkpoint, callbacks (between epochs)."""
        return self.stopwatch.seconds

    @property
    def num_steps(self) -> int:
        """The number of optimizer steps so far, those before a checkpoint included."""
        return self._run.num_steps

    @property
    def stop_reason(self) -> StopReason | None:
        """Why the last training ended."""
        return self._run.stop_reason

    @property
    def is_finished(self) -> bool:
        """Whether the last training is over; one that a signal or the wall clock has cut off is not."""
        return self._run.is_finished

    @property
    def triples_per_second(self) -> float:
        """The number of training triples per second of training, since the last training began or was resumed."""
        return self._run.triples_per_second

    @property
    def steps_per_epoch(self) -> int:
        """The number of steps of a whole epoch of the last training; 0 before its first."""
        return self._run.num_batches

    @property
    def epochs_done(self) -> int:
        """The number of whole epochs so far, those before a checkpoint included."""
        return self._run.epochs_done

    def phase(self, name: str) -> AbstractContextManager[None]:
        """Count the time inside as that of a phase, instead of as training: it is reported, not charged.

        :param name: the phase, e.g. ``"evaluation"`` in a callback that evaluates, ``"set-up"`` for compilation
        :return: a context
        """
        return self._run.phase(name)

    def train(  # type: ignore[override]
        self,
        triples_factory: CoreTriplesFactory,
        num_epochs: int = 1,
        batch_size: int | None = None,
        *,
        continue_training: bool = False,
        only_size_probing: bool = False,
        use_tqdm: bool = True,
        stopper: Stopper | None = None,
        checkpoint: str | Path | None = None,
        checkpoint_seconds: Duration | None = None,
        reset_time_budget: bool = False,
        **kwargs: Any,
    ) -> list[float] | None:
        """Train the model; see :meth:`pykeen.training.TrainingLoop.train`.

        :param triples_factory: the training triples
        :param num_epochs: the number of epochs; ignored if there is a time budget
        :param batch_size: the number of instances per batch; None for that of the training that goes on, else for
            PyKEEN's choice: 256 on a CPU, and on a GPU what fits the memory
        :param continue_training: whether to go on with the parameters, and with what is left of the budget
        :param only_size_probing: whether only the memory is probed; not together with a time budget
        :param use_tqdm: whether to show a progress bar; under a budget its unit is the second
        :param stopper: the early stopper
        :param checkpoint: a file to go on from, if it is there, and to write checkpoints to. Safer than PyKEEN's
            ``checkpoint_name``, from which its pipeline reads the random seed before this package can look at the file
        :param checkpoint_seconds: the seconds of training from one checkpoint to the next; 60 by default
        :param reset_time_budget: whether the seconds of training before this call are forgotten, also those in a
            checkpoint, so that all of the budget is there again
        :param kwargs: further arguments of :meth:`pykeen.training.TrainingLoop.train`
        :return: the losses of the epochs
        :raises ValueError: if an argument is not allowed, arguments exclude each other, the checkpoint is of
            something else, PyKEEN's pipeline has removed the optimizer, or it has several groups of parameters and the
            training starts anew
        :raises OSError: if the checkpoint or the best model cannot be written, or another run writes to it
        :raises NonFiniteStateError: if a checkpoint is due, and no training could go on from it
        :raises KeyboardInterrupt: if Ctrl-C has ended a training with checkpoints, after its last one
        """
        began = self.stopwatch.clock()
        about = dict(checkpoint=checkpoint, checkpoint_seconds=checkpoint_seconds, continue_training=continue_training)
        check_optimizer(self, {**kwargs, **about})
        if isinstance(stopper, NopStopper):
            # PyKEEN warns that a checkpoint knows nothing of this one, which has nothing to know
            stopper = None
        budget = self.time_budget
        if only_size_probing is True and budget is not None:
            raise ValueError(
                f"time_budget={budget.seconds:g} has no meaning with only_size_probing=True, which does no "
                "training: leave one of them out."
            )
        own: dict[str, Any] = dict(num_epochs=num_epochs, batch_size=batch_size, use_tqdm=use_tqdm)
        own.update(continue_training=continue_training, only_size_probing=only_size_probing)
        check_train_arguments({**kwargs, **own})
        check_bool("reset_time_budget", reset_time_budget)
        check_bool("use_tqdm", use_tqdm)
        check_bool("only_size_probing", only_size_probing)
        plan = CheckpointPlan.from_arguments(kwargs, checkpoint, checkpoint_seconds)
        kwargs.update(
            plan.pykeen_arguments(), batch_size=batch_size, continue_training=continue_training, stopper=stopper
        )
        if only_size_probing:
            return super().train(
                triples_factory, num_epochs=num_epochs, use_tqdm=use_tqdm, only_size_probing=True, **kwargs
            )
        record_model(self.result_tracker, self.model)
        with holding_outputs(plan.path, stopper):
            return self._train_run(began, plan, triples_factory, num_epochs, use_tqdm, reset_time_budget, kwargs)

    def _train_run(
        self,
        began: float,
        plan: CheckpointPlan,
        triples_factory: CoreTriplesFactory,
        num_epochs: int,
        use_tqdm: bool,
        reset_budget: bool,
        kwargs: dict[str, Any],
    ) -> list[float] | None:
        """Make a run, and train in it."""
        budget = self.time_budget
        if kwargs["continue_training"] and not (plan.path is not None and plan.path.is_file()):
            check_batch_size(self, kwargs["batch_size"] or self._run.batch_size)
        first = self._plan_first(plan.path, kwargs["continue_training"])
        bar = self._make_bar(num_epochs, use_tqdm, kwargs)
        if budget is not None:
            num_epochs = _UNLIMITED_EPOCHS
        previous = self._run
        wall_clock = self.wall_clock
        if wall_clock is not None:
            # what was done in this call before counts, too, such as the warm start or a wait for a file
            wall_clock -= self.stopwatch.clock() - began
        self._run = LoopRun(
            self,
            triples_factory,
            stopper=kwargs["stopper"],
            checkpoint=plan,
            arguments=kwargs,
            bar=bar,
            first=first,
            wall_clock=wall_clock,
            budget=budget,
            stopwatch=previous.stopwatch,
            num_epochs=num_epochs,
            reset_budget=reset_budget,
        )
        self._run.take_over(previous if kwargs["continue_training"] else None)
        with self._run.in_progress(self.stop_on_signal), self.threads.in_use():
            return super().train(triples_factory, num_epochs=num_epochs, use_tqdm=use_tqdm and bar is None, **kwargs)

    def _make_bar(self, num_epochs: int, use_tqdm: bool, kwargs: dict[str, Any]) -> tqdm[Any] | None:
        """Make a bar of our own; None if PyKEEN's are to be shown, whose arguments stay in ``kwargs`` then."""
        given = kwargs.get("tqdm_kwargs")
        if self.time_budget is not None:
            bar: tqdm[Any] | None = make_bar(self.time_budget, self.device, use_tqdm, given)
        else:
            bar = make_epoch_bar(num_epochs, self.device, use_tqdm, given)
        if bar is not None:
            kwargs.pop("tqdm_kwargs", None)
        return bar

    def _plan_first(self, checkpoint: Path | None, continue_training: bool) -> list[Due]:
        """Look at what a training is to start from, if it starts afresh, before any work."""
        if self.start_from is None:
            return []
        if continue_training or (checkpoint is not None and checkpoint.is_file()):
            logger.info("start_from=%r is not looked at: this training goes on.", str(self.start_from))
            return []
        return [WarmStart(plan_warm_start(self.start_from, self.model, self._triples_factory))]

    def _train(self, *args: Any, **kwargs: Any) -> list[float] | None:
        """Train; afterwards do what PyKEEN leaves out where a run is stopped."""
        if not kwargs.get("continue_training"):
            let_make_again(self.optimizer)
        elif self.num_steps:
            mark_as_used(self.optimizer)
        if kwargs.get("only_size_probing"):
            probed = super()._train(*args, **kwargs)
            # made anew for the probe, and soon for the training, too
            let_make_again(self.optimizer)
            return probed
        run = self._run
        if kwargs.get("continue_training"):
            # that of the training so far, where nothing is said
            kwargs["batch_size"] = run.batch_size
            kwargs.update(run.split)
        if run.is_spent:
            kwargs["num_epochs"] = run.skip_training()
        if kwargs.get("stopper") is not None:
            # PyKEEN writes all of the best epoch's state, which nobody reads: the stopper has the best parameters
            kwargs.update(best_epoch_model_file_path=None, last_best_epoch=0)
        with _collecting_new_garbage_only():
            losses = super()._train(*args, **kwargs)
        run.end("early stopping" if self._should_stop else "epochs")
        return losses

    def batch_size_search(self, **kwargs: Any) -> tuple[int, bool]:
        """Find a batch size that fits the memory, and note it for the runs that go on from this one.

        :param kwargs: see :meth:`pykeen.training.TrainingLoop.batch_size_search`
        :return: the batch size, and whether it was tried
        """
        found = super().batch_size_search(**kwargs)
        self._run.note_batch_size(found[0])
        return found

    def sub_batch_and_slice(self, *, batch_size: int, **kwargs: Any) -> tuple[int, int | None]:
        """Find how batches are split to fit the memory, and note it for the runs that go on from this one.

        PyKEEN does this where a training starts anew, whatever was asked for, and not where it goes on.

        :param batch_size: the batch size
        :param kwargs: see :meth:`pykeen.training.TrainingLoop.sub_batch_and_slice`
        :return: the size of sub-batches, and of slices; None for no slices
        """
        sub_batch_size, slice_size = super().sub_batch_and_slice(batch_size=batch_size, **kwargs)
        self._run.note_split(None if sub_batch_size == batch_size else sub_batch_size, slice_size)
        return sub_batch_size, slice_size

    def _train_epoch(  # type: ignore[override]
        self,
        batches: Any,
        callbacks: Any,
        *,
        epoch: int,
        only_size_probing: bool,
        backward: bool = True,
        **kwargs: Any,
    ) -> float:
        """Train for one epoch, or for as much of it as the run allows."""
        let_callbacks_clip(callbacks, DenseGradients(self))
        if only_size_probing or not backward:
            kwargs.update(epoch=epoch, only_size_probing=only_size_probing, backward=backward)
            return super()._train_epoch(batches, callbacks, **kwargs)
        run = self._run
        if not run.has_begun:
            run.begin_loop(callbacks, batches)
        self._choose_threads(batches, **kwargs)
        # callbacks and PyKEEN's own stopper may have evaluated between the epochs
        forget_computed(self.model)
        rest: Any = run.open_epoch(batches, num_losses=len(self.losses_per_epochs))
        if not rest.is_empty:
            super()._train_epoch(rest, callbacks, epoch=epoch, only_size_probing=False, **kwargs)
        loss = run.close_epoch(epoch)
        if run.stop_reason is not None:
            # PyKEEN then writes the checkpoint and returns
            self._should_stop = True
        return loss

    def _choose_threads(self, batches: Any, **kwargs: Any) -> None:
        """Choose the number of threads, where it is time to: set-up, and no training."""
        if self.device.type != "cpu":
            return
        run, num_parameters = self._run, sum(p.numel() for p in self.model.get_grad_params())
        with run.phase("set-up"):
            has_chosen = self.threads.before_epoch(
                num_parameters, run.elapsed, run.num_steps, lambda: self._trying(batches, **kwargs)
            )
        if has_chosen and self.threads.num is not None:
            record(self.result_tracker, dict(training_loop_kwargs=dict(threads=self.threads.num)))

    @contextmanager
    def _trying(
        self, batches: Any, *, sub_batch_size: int | None, label_smoothing: float, slice_size: int | None
    ) -> Iterator[Callable[[], None]]:
        """Offer what an epoch does with its first batch before the optimizer step; nothing of it is left afterwards."""

        def do_passes() -> None:
            self.optimizer.zero_grad()
            for start in range(0, size, sub_batch_size or size):
                stop = min(start + (sub_batch_size or size), size)
                self._forward_pass(batch, start, stop, size, label_smoothing, slice_size)
            # as after the optimizer step
            forget_computed(self.model)

        with leaving_no_trace(self):
            # a progress bar has the batches in it
            batch = next(iter(getattr(batches, "iterable", batches)))
            size = self._get_batch_size(batch)
            yield do_passes

    def _save_state(
        self,
        path: IO[bytes] | str | Path,
        stopper: Stopper | None = None,
        best_epoch_model_checkpoint_file_path: Path | None = None,
        triples_factory: CoreTriplesFactory | None = None,
    ) -> None:
        """Write a checkpoint, where PyKEEN writes its own."""
        self._run.save(Path(path))  # type: ignore[arg-type]

    def _load_state(
        self, path: str | Path, triples_factory: CoreTriplesFactory | None = None
    ) -> tuple[Path | None, int | None]:
        """Go on from a checkpoint, where PyKEEN reads its own; the files of its best epoch are not used."""
        self._run.load(Path(path))
        return None, None


@contextmanager
def _collecting_new_garbage_only() -> Iterator[None]:
    """Let the garbage collector look at new objects only: PyKEEN calls it after each epoch, short ones, too."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
