"""The part of a training loop that keeps a time budget.

Only training is counted: evaluation, set-up, size probing and the writing of checkpoints are not. The budget is looked
at after each optimizer step, so that it is overrun by at most one step.
"""

from __future__ import annotations

import gc
import logging
import math
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import torch
from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import SymmetricLCWATrainingLoop, TrainingLoop
from pykeen.triples import CoreTriplesFactory
from tqdm.auto import tqdm

from .clock import Duration, Stopwatch, TimeBudget
from .epoch import EpochRecord
from .schedule import BudgetLR
from .signals import on_signal
from .steps import BudgetedEpochsMixin
from .stopper import TimedStopper

__all__ = ["TimeBudgetMixin"]

logger = logging.getLogger(__name__)

BatchType = TypeVar("BatchType")

#: More epochs than any budget allows
_UNLIMITED_EPOCHS = 2**31


class TimeBudgetMixin(BudgetedEpochsMixin[BatchType], Generic[BatchType]):
    """The part of a training loop that keeps a time budget; put it before PyKEEN's loop among the bases.

    With a budget, the number of epochs does not matter. A training that the budget ends ends like any other: losses and
    result are those of the steps done, the checkpoint is written, ``post_train`` callbacks run, and the best model of
    an early stopper is restored. A budget of zero, or one that was spent before a checkpoint, allows no step.
    """

    #: The search space: the number of epochs has no meaning under a budget
    hpo_default: ClassVar[Mapping[str, Any]] = dict(  # type: ignore[assignment, misc]
        batch_size=TrainingLoop.hpo_default["batch_size"]
    )

    def __init__(
        self, *, time_budget: Duration | TimeBudget | None = None, stop_on_signal: bool = False, **kwargs: Any
    ) -> None:
        """Initialize the loop.

        :param time_budget: the time of training: seconds, a :class:`datetime.timedelta`, or ``"HH:MM:SS"``; None for no
            limit
        :param stop_on_signal: whether SIGTERM and SIGUSR1 end a training as its budget does, after the current step
        :param kwargs: further arguments of the training loop
        :raises ValueError: if the budget is not a finite number of seconds ≥ 0
        """
        if time_budget is not None and not isinstance(time_budget, TimeBudget):
            time_budget = TimeBudget(time_budget)
        super().__init__(**kwargs)
        self.time_budget = time_budget
        self.stop_on_signal = stop_on_signal
        self.stopwatch = Stopwatch() if time_budget is None else time_budget.stopwatch
        self.stop_reason = None
        self.num_steps = 0
        self._position = self._resume_from = self._stopper = self._signal = None
        self._reset_time_budget = False
        self._total_steps = self._num_epochs = 1
        self._next_checkpoint = math.inf
        self._progress = self._callbacks = self._last_step = None
        self._record = EpochRecord()

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds of each phase: set-up, training, evaluation, checkpoint, callbacks (between epochs)."""
        return self.stopwatch.seconds

    @property
    def triples_per_second(self) -> float:
        """The training triples a second of training."""
        seconds = self.stopwatch.elapsed("training")
        return self._triples_per_step * self.num_steps / seconds if seconds else 0.0

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
        :param batch_size: the number of instances a batch
        :param continue_training: whether to go on with the parameters, and with what is left of the budget
        :param only_size_probing: whether only the memory is probed; not together with a time budget
        :param use_tqdm: whether to show a progress bar; under a budget its unit is the second
        :param stopper: the early stopper
        :param checkpoint: a file to go on from, if it is there, and to write checkpoints to. Safer than PyKEEN's
            ``checkpoint_name``, from which its pipeline reads the random seed before this package can look at the file
        :param checkpoint_seconds: the seconds of training from one checkpoint to the next; 60 by default
        :param reset_time_budget: whether what a checkpoint says to be spent of the budget is forgotten
        :param kwargs: further arguments of :meth:`pykeen.training.TrainingLoop.train`
        :return: the losses of the epochs
        :raises ValueError: if arguments exclude each other, or the checkpoint is of something else
        """
        if only_size_probing and self.time_budget is not None:
            raise ValueError(
                f"time_budget={self.time_budget.seconds:g} has no meaning with only_size_probing=True, which does no "
                "training: leave one of them out."
            )
        arguments = dict(
            kwargs,
            batch_size=batch_size,
            continue_training=continue_training,
            only_size_probing=only_size_probing,
            use_tqdm=use_tqdm,
            stopper=stopper,
        )
        self._use_checkpoint(arguments, checkpoint, checkpoint_seconds)
        if only_size_probing:
            return super().train(triples_factory, num_epochs=num_epochs, **arguments)
        self._begin(triples_factory, stopper, fresh=not continue_training)
        self._reset_time_budget = reset_time_budget
        with ExitStack() as stack:
            stack.enter_context(self.phase("set-up"))
            if self.stop_on_signal:
                stack.enter_context(on_signal(self._stop_by_signal))
            if self.time_budget is not None:
                num_epochs, arguments["use_tqdm"] = _UNLIMITED_EPOCHS, False
                self._progress = stack.enter_context(self._make_progress(arguments, use_tqdm))
            losses = super().train(triples_factory, num_epochs=num_epochs, **arguments)
        if self.stop_reason is None:
            self.stop_reason = "early stopping"  # that of a checkpoint: PyKEEN returned at once
        self._report()
        return losses

    def _begin(self, triples_factory: CoreTriplesFactory, stopper: Stopper | None, fresh: bool) -> None:
        """Forget what was before."""
        self._stopper, self.stop_reason, self._signal, self._callbacks = stopper, None, None, None
        if fresh:
            self._position, self._resume_from, self.num_steps = None, None, 0
            self.stopwatch.reset()
            if isinstance(self.lr_scheduler, BudgetLR):
                self.lr_scheduler.reset()
        elif self._position is not None:
            # PyKEEN has noted a cut epoch as done
            done = self._position.num_losses
            self._epoch -= len(self.losses_per_epochs) - done
            self.losses_per_epochs = self.losses_per_epochs[:done]
        if isinstance(stopper, TimedStopper):
            stopper.has_clock = True
        self._training, self._dataset, self._next_checkpoint = triples_factory, None, math.inf
        inverse = triples_factory.create_inverse_triples and not isinstance(self, SymmetricLCWATrainingLoop)
        self._triples_per_epoch = triples_factory.num_triples * (2 if inverse else 1)
        self._triples_per_step = 0.0

    def _make_progress(self, arguments: dict[str, Any], use_tqdm: bool) -> tqdm[Any]:
        """Make a progress bar over seconds, in place of PyKEEN's over epochs."""
        assert self.time_budget is not None
        return tqdm(
            **{
                "desc": f"Training on {self.device}",
                "total": self.time_budget.seconds,
                "bar_format": "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s of training{postfix}",
                # else tqdm decides, and may be told by its environment variables
                **({} if use_tqdm else {"disable": True}),
                **(arguments.pop("tqdm_kwargs", None) or {}),
            }
        )

    def _stop_by_signal(self, name: str) -> None:
        logger.warning("%s: the training ends after the current step.", name)
        self._signal = name

    def _train(self, *args: Any, **kwargs: Any) -> list[float] | None:
        """Train; afterwards do what PyKEEN leaves out where a run is stopped."""
        if kwargs.get("only_size_probing"):
            return super()._train(*args, **kwargs)
        if self._reset_time_budget:
            self.stopwatch.reset({**self.seconds, "training": 0.0})
        if self._is_spent:
            self._skip_training(kwargs)
        if kwargs.get("stopper") is not None:
            # PyKEEN writes all of the best epoch's state, which nobody reads: the stopper has the best parameters
            kwargs.update(best_epoch_model_file_path=None, last_best_epoch=0)
        self._num_epochs = kwargs.get("num_epochs", 1)
        self._checkpoint_path = kwargs.get("checkpoint_path")
        self._record = EpochRecord()
        # PyKEEN collects garbage after each epoch, which costs more than a short epoch: let it look at new objects only
        gc.collect()
        gc.freeze()
        try:
            losses = super()._train(*args, **kwargs)
        finally:
            gc.unfreeze()
        return self._end(losses or [])

    def _skip_training(self, arguments: dict[str, Any]) -> None:
        """Let PyKEEN do everything but training."""
        assert self.time_budget is not None
        logger.warning(
            "time_budget=%g s is spent (%.3f s of training are done): no step is done. A larger time_budget, or "
            "reset_time_budget=True, trains on.",
            self.time_budget.seconds,
            self.time_budget.elapsed,
        )
        if self._position is not None and self._position.step:
            # as PyKEEN does with a cut epoch
            self.losses_per_epochs.append(self._position.loss / self._position.step)
            self._epoch += 1
        arguments["num_epochs"], self.stop_reason = self._epoch, "budget"

    def _end(self, losses: list[float]) -> list[float]:
        """End a training, whatever the reason."""
        if self.stop_reason is None:
            self.stop_reason = "early stopping" if self._should_stop else "epochs"
        if isinstance(self._stopper, TimedStopper) and self.num_steps:
            self._evaluate(self._stopper, final=True)
        if self._callbacks is not None and not self._record.is_done:
            self._callbacks.post_train(losses=losses)
        self._restore_best(self._stopper)
        if self._checkpoint_path is not None and not Path(self._checkpoint_path).is_file():
            self._save_state(self._checkpoint_path)
        self._callbacks = None
        return losses

    def _restore_best(self, stopper: Stopper | None) -> None:
        """Load the best model of an early stopper which did not come to its end."""
        if not isinstance(stopper, EarlyStopper) or stopper.stopped or stopper.best_epoch is None:
            return
        path = stopper.best_model_path
        if path is None or not path.is_file():
            return
        self.model.load_state_dict(torch.load(path, map_location=self.device, weights_only=True))
        if stopper.clean_up_checkpoint:
            path.unlink()

    def _report(self) -> None:
        """Tell the result tracker where the time went."""
        seconds = self.seconds
        self.result_tracker.log_metrics(seconds, step=self._epoch, prefix="seconds")
        speed = {"steps": self.num_steps, "triples_per_second": self.triples_per_second}
        self.result_tracker.log_metrics(speed, step=self._epoch, prefix="training")
        self.result_tracker.log_params({"stop_reason": self.stop_reason})
        logger.info(
            "Trained %d steps, ended by %s (%s); %s",
            self.num_steps,
            self.stop_reason,
            self._signal or "no signal",
            ", ".join(f"{phase} {value:.3f} s" for phase, value in seconds.items()),
        )
