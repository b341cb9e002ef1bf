"""The seconds of training at the end of each epoch."""

from __future__ import annotations

from typing import Any

from pykeen.training.callbacks import TrainingCallback

from ..training import TimeBudgetMixin

__all__ = ["EpochSeconds"]


class EpochSeconds(TrainingCallback):
    """Notes the seconds of training so far, as PyKEEN's own early stopper knows epochs only."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        #: By epoch, beginning with 1
        self.seconds: dict[int | None, float] = {}

    def post_epoch(self, epoch: int, epoch_loss: float, **kwargs: Any) -> None:
        """Note the seconds.

        :param epoch: the epoch that is done
        :param epoch_loss: its loss
        :param kwargs: not used
        """
        assert isinstance(self.training_loop, TimeBudgetMixin)
        self.seconds[epoch] = self.training_loop.seconds["training"]
