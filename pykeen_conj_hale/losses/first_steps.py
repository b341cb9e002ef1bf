"""A loss that does not move in its first steps is said, with the likely cause."""

from __future__ import annotations

import logging
from typing import Any

import torch
from torch import Tensor

from ..devices import recorded_event
from ..messages import OncePerTraining
from ..streaming.activations import HardnessActivation, Identity

__all__ = ["NUM_STEPS", "FirstSteps"]

logger = logging.getLogger(__name__)

#: The number of values that are looked at
NUM_STEPS = 100
#: The same without an activation: products of small vectors start where the slope is small, and the learning rate rises
NUM_STEPS_OF_PRODUCTS = 1_000
#: What these values move by at least, as a share of the loss. One batch's value differs from the next one's by more,
#: unless every score is where the activation is flat
SMALLEST_MOVE = 1e-3


class FirstSteps:
    """Watches the first hundred values of a loss, and warns once if they are all the same.

    Without an activation it is a thousand.

    The host never waits for the device: the values' range is copied while the device works, and read when it is there.

    :param name: the loss's name
    :param activation: the loss's activation, which may be the cause
    """

    def __init__(self, name: str, activation: HardnessActivation) -> None:
        self.name, self.activation = name, activation
        self._num_steps = NUM_STEPS_OF_PRODUCTS if isinstance(activation, Identity) else NUM_STEPS
        self._values: list[Tensor] = []
        #: The smallest and the largest value
        self._range: Tensor | None = None
        #: When these have reached the host; None if they are there
        self._copied: Any = None
        self._is_done = False

    def add(self, *terms: Tensor) -> None:
        """Watch the loss of a step.

        :param terms: scalars, whose sum is the loss; without a gradient they are of no training step
        """
        if self._is_done or not any(term.requires_grad for term in terms):
            return
        if self._range is None:
            self._note(torch.stack([term.detach() for term in terms]).sum())
        if self._range is not None and (self._copied is None or self._copied.query()):
            self._is_done = True
            low, high = self._range.tolist()
            if high - low <= SMALLEST_MOVE * max(abs(low), abs(high)):
                self._warn(high)

    def _note(self, value: Tensor) -> None:
        """Note a value; after the last one, begin to copy their range."""
        # the same loss may be used for another model, elsewhere
        if self._values and (self._values[0].device, self._values[0].dtype) != (value.device, value.dtype):
            self._values = []
        self._values.append(value)
        if len(self._values) < self._num_steps:
            return
        ends = torch.stack(torch.aminmax(torch.stack(self._values)))
        if ends.is_cuda:
            on_device, ends = ends, torch.empty(ends.shape, dtype=ends.dtype, pin_memory=True)
            ends.copy_(on_device, non_blocking=True)
            self._copied = recorded_event(on_device.device)
        self._values, self._range = [], ends

    def _warn(self, value: float) -> None:
        likely = (
            "Most likely the learning rate is too small."
            if isinstance(self.activation, Identity)
            else f"Most likely the scores lie where {self.activation} is flat, so that nothing has a gradient: minus "
            "the scores should start between 0 and about 1. This package's models with "
            'similarity="squared_distance" start there. For any other model smaller initial values may help, or '
            'loss="AllNeg", which has no activation.'
        )
        once = OncePerTraining(logger)
        once.warning("%s stayed at %.6g in its first %d steps. %s", self.name, value, self._num_steps, likely)

    def __reduce__(self) -> Any:
        """Copy and pickle without the values, which belong to a training: a copy begins anew."""
        return type(self), (self.name, self.activation)
