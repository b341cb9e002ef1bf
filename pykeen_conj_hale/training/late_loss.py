"""Losses that are read one step late, so that a loop does not wait for its device after each step."""

from __future__ import annotations

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Generic, TypeVar

import torch
from pykeen.training import TrainingLoop
from pykeen.training.training_loop import NonFiniteLossError
from torch import Tensor

from ..devices import recorded_event

__all__ = ["DeferredLossMixin", "LossCheck", "describe_not_finite", "reads_late"]

BatchType = TypeVar("BatchType")


def reads_late(loss: Tensor) -> bool:
    """Tell whether a loss is read one step late, as reading it at once would make the host wait for the device.

    :param loss: the loss
    :return: whether it is on a CUDA device
    """
    return loss.is_cuda


def describe_not_finite(step: int, terms: Mapping[str, float]) -> str:
    """Say which terms of a loss are not finite.

    :param step: the number of the optimizer step
    :param terms: the summands by name
    :return: the message
    """
    # finite terms may have a sum that overflows
    bad = [name for name, value in terms.items() if not math.isfinite(value)] or ["the sum"]
    return (
        f"The loss is not finite at step {step}: {' and '.join(bad)} {'is' if len(bad) == 1 else 'are'} not "
        f"({dict(terms)}). A smaller learning rate may help."
    )


class DeferredLossMixin(TrainingLoop[BatchType], Generic[BatchType]):
    """Reads the losses of a CUDA device one step late; put it before PyKEEN's loop among the bases.

    PyKEEN reads the loss of each step at once, twice. So it waits for the device to finish while nothing new is queued.
    Here a step's loss is copied while the device works, and read after the next step's forward pass has been queued.
    The device adds up the epoch's loss. The queue is one step deep, so that a time budget still is overrun by at most
    one step. (Without inverse triples a step waits all the same, to count the batch's relations.)

    A loss that is not finite is found before its optimizer step on a CPU, and one step later on a CUDA device.
    """

    #: The summands of the last (sub-)batch's loss by name, if the loop tells them
    batch_terms: Mapping[str, Tensor | float] = MappingProxyType({})

    def __init__(self, **kwargs: Any) -> None:
        """Initialize the loop.

        :param kwargs: arguments of the training loop
        """
        super().__init__(**kwargs)
        self._loss_check = LossCheck()

    @property
    def num_steps(self) -> int:
        """The number of optimizer steps done, if the loop counts them."""
        return 0

    def _train_epoch(self, *args: Any, **kwargs: Any) -> float:
        self._loss_check = LossCheck()
        # the sum of the deferred losses: the epoch's only wait
        loss = float(super()._train_epoch(*args, **kwargs))
        self._loss_check.finish()
        return loss

    def _forward_pass(  # type: ignore[override]
        self,
        batch: BatchType,
        start: int,
        stop: int,
        current_batch_size: int,
        label_smoothing: float,
        slice_size: int | None,
        backward: bool = True,
    ) -> float | Tensor:
        loss = self._process_batch(batch, start, stop, label_smoothing=label_smoothing, slice_size=slice_size)
        self._loss_check.add(loss, self.batch_terms, self.num_steps + 1)
        if self.model.loss.reduction == "mean":
            loss = loss * ((stop - start) / current_batch_size)
        if backward:
            loss.backward()  # type: ignore[no-untyped-call]
        self.model.post_forward_pass()  # type: ignore[no-untyped-call]
        return loss.detach() if reads_late(loss) else loss.item()


class LossCheck:
    """Checks that the losses of steps are finite: on a CPU at once, on a CUDA device one step late."""

    def __init__(self) -> None:
        self._pending: _LateLoss | None = None

    def add(self, loss: Tensor, terms: Mapping[str, Tensor | float], step: int) -> None:
        """Check the loss of the step before, and this one if it can be read at once.

        :param loss: a scalar
        :param terms: its summands by name
        :param step: the number of the optimizer step, for the error
        :raises NonFiniteLossError: if one of them is not finite
        """
        late = _LateLoss(loss, terms, step)
        self.finish()
        if reads_late(loss):
            self._pending = late
        else:
            late.check()

    def finish(self) -> None:
        """Check the last loss, if that is still to be done.

        :raises NonFiniteLossError: if it is not finite
        """
        if self._pending is not None:
            self._pending.check()
        self._pending = None


class _LateLoss:
    """The loss of one step, while it is copied to the host.

    :param loss: a scalar
    :param terms: its summands by name
    :param step: the number of the optimizer step, for the error
    """

    def __init__(self, loss: Tensor, terms: Mapping[str, Tensor | float], step: int) -> None:
        self.loss, self.terms, self.step = loss.detach(), terms, step
        self.copied: torch.cuda.Event | None = None
        if loss.is_cuda:
            self.loss = torch.empty(loss.shape, dtype=loss.dtype, pin_memory=True)
            self.loss.copy_(loss.detach(), non_blocking=True)
            self.copied = recorded_event(loss.device)

    def check(self) -> None:
        """Raise if the loss is not finite.

        :raises NonFiniteLossError: if so, with the step and the terms
        """
        if self.copied is not None:
            self.copied.synchronize()
        if math.isfinite(self.loss.item()):
            return
        values = {name: torch.as_tensor(value).item() for name, value in self.terms.items()}
        raise NonFiniteLossError(describe_not_finite(self.step, values))
