"""Training limited by time: a budget in seconds of training, and the loop's part that keeps it.

Only training is counted: evaluation, set-up, size probing and the writing of checkpoints are not. The budget is looked
at after each optimizer step, so that it is overrun by at most one step.
"""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import torch
from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import TrainingLoop
from pykeen.training.callbacks import MultiTrainingCallback
from pykeen.triples import CoreTriplesFactory
from tqdm.auto import tqdm

__all__ = ["StopReason", "TimeBudget", "TimeBudgetMixin"]

BatchType = TypeVar("BatchType")

#: Why a training ended
StopReason: TypeAlias = Literal["budget", "early stopping", "epochs"]

#: More epochs than any budget allows
_UNLIMITED_EPOCHS = 2**31


class TimeBudget:
    """A number of seconds, and how many of them are spent.

    :param seconds: the seconds of training, finite and > 0
    :param clock: a monotonic clock, in seconds
    :raises ValueError: if seconds is not such a number
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
        if not is_number or not math.isfinite(seconds) or seconds <= 0:
            raise ValueError(f"time_budget={seconds!r} is not allowed: it must be a finite number of seconds > 0.")
        self.seconds = float(seconds)
        self._clock = clock
        self._spent = 0.0
        self._since: float | None = None

    @property
    def elapsed(self) -> float:
        """The seconds spent so far."""
        running = 0.0 if self._since is None else self._clock() - self._since
        return self._spent + running

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.elapsed >= self.seconds

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the time spent inside."""
        self._since = self._clock()
        try:
            yield
        finally:
            self._spent, self._since = self.elapsed, None

    def reset(self) -> None:
        """Start anew."""
        self._spent, self._since = 0.0, None

    def __repr__(self) -> str:
        return f"TimeBudget(seconds={self.seconds:g}, elapsed={self.elapsed:.3f})"


class _BudgetedBatches(Generic[BatchType]):
    """The batches of an epoch, as far as the budget goes.

    Its length is the number of batches handed out: PyKEEN divides the epoch's loss by it after the epoch.
    """

    def __init__(self, batches: Iterable[BatchType], budget: TimeBudget | None, on_batch: Callable[[], None]) -> None:
        self.batches, self.budget, self.on_batch = batches, budget, on_batch
        self.count = 0

    def __iter__(self) -> Iterator[BatchType]:
        iterator = iter(self.batches)
        # one batch at least; the clock is asked before the next batch is made, which may take its time
        while not self.count or self.budget is None or not self.budget.is_spent:
            try:
                batch = next(iterator)
            except StopIteration:
                return
            self.count += 1
            yield batch
            # here the batch's optimizer step is done
            self.on_batch()

    def __len__(self) -> int:
        return self.count


class TimeBudgetMixin(TrainingLoop[BatchType], Generic[BatchType]):
    """The part of a training loop that keeps a time budget; put it before PyKEEN's loop among the bases.

    With a budget, the number of epochs does not matter. A training that the budget ends ends like any other: losses and
    result are those of the steps done, the checkpoint is written, ``post_train`` callbacks run, and the best model of
    an early stopper is restored.
    """

    #: The budget, if there is one
    time_budget: TimeBudget | None
    #: Why the last training ended
    stop_reason: StopReason | None
    #: The optimizer steps of the last training
    num_steps: int

    def __init__(self, *, time_budget: float | TimeBudget | None = None, **kwargs: Any) -> None:
        """Initialize the loop.

        :param time_budget: the seconds of training; None for no limit
        :param kwargs: further arguments of the training loop
        :raises ValueError: if the budget is not a finite number > 0
        """
        if time_budget is not None and not isinstance(time_budget, TimeBudget):
            time_budget = TimeBudget(time_budget)
        super().__init__(**kwargs)
        self.time_budget = time_budget
        self.stop_reason = None
        self.num_steps = 0
        self._progress: tqdm[Any] | None = None
        self._callbacks: MultiTrainingCallback | None = None

    def train(  # type: ignore[override]
        self,
        triples_factory: CoreTriplesFactory,
        num_epochs: int = 1,
        batch_size: int | None = None,
        *,
        only_size_probing: bool = False,
        use_tqdm: bool = True,
        **kwargs: Any,
    ) -> list[float] | None:
        """Train the model; see :meth:`pykeen.training.TrainingLoop.train`.

        :param triples_factory: the training triples
        :param num_epochs: the number of epochs; ignored if there is a time budget
        :param batch_size: the number of instances a batch
        :param only_size_probing: whether only the memory is probed, which neither starts nor spends the budget
        :param use_tqdm: whether to show a progress bar; under a budget its unit is the second
        :param kwargs: further arguments of :meth:`pykeen.training.TrainingLoop.train`
        :return: the losses of the epochs
        """
        arguments = dict(kwargs, batch_size=batch_size, only_size_probing=only_size_probing, use_tqdm=use_tqdm)
        if self.time_budget is None or only_size_probing:
            return super().train(triples_factory, num_epochs=num_epochs, **arguments)
        self.time_budget.reset()
        arguments["use_tqdm"] = False
        tqdm_kwargs = arguments.pop("tqdm_kwargs", None) or {}
        with tqdm(
            **{
                "desc": f"Training on {self.device}",
                "total": self.time_budget.seconds,
                "bar_format": "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s of training{postfix}",
                # else tqdm decides, and may be told by its environment variables
                **({} if use_tqdm else {"disable": True}),
                **tqdm_kwargs,
            }
        ) as self._progress:
            return super().train(triples_factory, num_epochs=_UNLIMITED_EPOCHS, **arguments)

    def _train(self, *args: Any, **kwargs: Any) -> list[float] | None:
        """Train; afterwards do what PyKEEN leaves out where a run is stopped."""
        if kwargs.get("only_size_probing"):
            return super()._train(*args, **kwargs)
        self.stop_reason, self.num_steps = None, 0
        # PyKEEN collects garbage after each epoch, which costs more than a short epoch: let it look at new objects only
        gc.collect()
        gc.freeze()
        try:
            losses = super()._train(*args, **kwargs)
        finally:
            gc.unfreeze()
        if self.stop_reason == "budget" and self._callbacks is not None:
            self._callbacks.post_train(losses=losses or [])
            self._restore_best(kwargs.get("stopper"))
        elif self.stop_reason is None:
            self.stop_reason = "early stopping" if self._should_stop else "epochs"
        self._callbacks = None
        return losses

    def _train_epoch(  # type: ignore[override]
        self, batches: Any, callbacks: Any, *, only_size_probing: bool, backward: bool = True, **kwargs: Any
    ) -> float:
        """Run one epoch, or as much of it as the budget allows."""
        if only_size_probing or not backward:
            return super()._train_epoch(
                batches, callbacks, only_size_probing=only_size_probing, backward=backward, **kwargs
            )
        self._callbacks = callbacks
        batches = _BudgetedBatches(batches, self.time_budget, self._after_step)
        if self.time_budget is None:
            return super()._train_epoch(batches, callbacks, only_size_probing=False, **kwargs)
        with self.time_budget.running():
            loss = super()._train_epoch(batches, callbacks, only_size_probing=False, **kwargs)
        if self._progress is not None:
            self._progress.set_postfix(epoch=kwargs["epoch"], loss=loss, refresh=False)
        if self.time_budget.is_spent:
            # the base class then writes the checkpoint and returns
            self._should_stop, self.stop_reason = True, "budget"
        return loss

    def _after_step(self) -> None:
        """Count an optimizer step."""
        self.num_steps += 1
        if self._progress is not None and self.time_budget is not None:
            # a bar over seconds: its position is the time, however long the steps are
            self._progress.update(min(self.time_budget.elapsed, self.time_budget.seconds) - self._progress.n)

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
