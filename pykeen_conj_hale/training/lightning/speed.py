"""How long a training under Lightning has taken, and how fast it is."""

from __future__ import annotations

import logging

from pytorch_lightning import Trainer
from pytorch_lightning.callbacks import Timer

from ..budget.clock import Stopwatch

__all__ = ["TrainingSpeed", "say_spent_time"]

logger = logging.getLogger(__name__)


class TrainingSpeed:
    """Counts the seconds and triples of training; whatever else is done in between is not counted."""

    def __init__(self) -> None:
        self._stopwatch = Stopwatch()
        self._num_triples = 0
        self._epoch_start = (0.0, 0)  # seconds and triples

    @property
    def seconds(self) -> float:
        """The seconds of training so far, those before a restart included."""
        return self._stopwatch.elapsed("training")

    def reset(self, seconds: float) -> None:
        """Go on from a checkpoint.

        :param seconds: the seconds of training before
        """
        self._stopwatch.reset({"training": seconds})
        self._epoch_start = (seconds, self._num_triples)

    def start_epoch(self) -> None:
        """Start an epoch."""
        self._epoch_start = (self.seconds, self._num_triples)
        self.run()

    def run(self) -> None:
        """Start to count seconds, or go on."""
        self._stopwatch.switch("training")

    def pause(self) -> None:
        """Count no seconds until the next :meth:`run`."""
        self._stopwatch.switch(None)

    def add(self, num_triples: int) -> None:
        """Count triples.

        :param num_triples: their number
        """
        self._num_triples += num_triples

    def triples_per_second(self) -> float | None:
        """Compute the speed since the start of the epoch.

        :return: the number of triples per second; None if no time has passed
        """
        seconds, num_triples = self._epoch_start
        spent = self.seconds - seconds
        return (self._num_triples - num_triples) / spent if spent > 0 else None


def say_spent_time(trainer: Trainer) -> None:
    """Say that a training which goes on has spent its ``max_time``, as Lightning counts the time before it, too.

    :param trainer: the trainer, whose callbacks have taken over the state of the checkpoint
    """
    for timer in trainer.callbacks:  # type: ignore[attr-defined]
        left = timer.time_remaining() if isinstance(timer, Timer) else None
        if left is not None and left <= 0 and trainer.is_global_zero:
            logger.warning(
                "max_time is spent: it is one of all runs together, and %.1f s were spent before the checkpoint. The "
                "training ends after one step; a larger max_time trains on.",
                timer.time_elapsed(),
            )
