"""Losses of PyKEEN's loops which are not finite: what is, and at which step."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import torch
from pykeen.training import TrainingLoop
from pykeen.training.training_loop import NonFiniteLossError

from .late_loss import describe_not_finite
from .query_terms import HasTerms

__all__ = ["NamedLossMixin"]

BatchType = TypeVar("BatchType")


class NamedLossMixin(TrainingLoop[BatchType], Generic[BatchType]):
    """Says which summand of a loss is not finite, and at which step; put it before PyKEEN's loop among the bases."""

    @property
    def num_steps(self) -> int:
        """The number of optimizer steps done, if the loop counts them."""
        return 0

    def _forward_pass(
        self,
        batch: BatchType,
        start: int,
        stop: int,
        current_batch_size: int,
        label_smoothing: float,
        slice_size: int | None,
        backward: bool = True,
    ) -> float:
        try:
            return super()._forward_pass(
                batch, start, stop, current_batch_size, label_smoothing, slice_size, backward=backward
            )
        except NonFiniteLossError as error:
            arguments = dict(label_smoothing=label_smoothing, slice_size=slice_size)
            terms = self._compute_terms(batch, start, stop, **arguments)
            raise NonFiniteLossError(describe_not_finite(self.num_steps + 1, terms)) from error

    def _compute_terms(self, batch: BatchType, start: int, stop: int, **kwargs: Any) -> dict[str, float]:
        """Compute the loss again, and note what the model adds to it while PyKEEN asks for the sum."""
        added: dict[str, Any] = {}
        model: Any = self.model
        collect = model.collect_regularization_term

        def note() -> float:
            added.update(model.collect_terms() if isinstance(model, HasTerms) else {"regularization": collect()})
            return 0.0

        model.collect_regularization_term = note  # on the instance, in front of its class
        try:
            own = self._process_batch(batch, start, stop, **kwargs).item()
        finally:
            del model.collect_regularization_term
        return {type(self.loss).__name__: own, **{name: torch.as_tensor(value).item() for name, value in added.items()}}
