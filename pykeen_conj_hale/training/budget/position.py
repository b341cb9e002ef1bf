"""How far a training is, so that another run can go on from there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from torch import Tensor

from .random_state import get_random_state

__all__ = ["Position", "Progress"]


@dataclasses.dataclass
class Position:
    """A place within an epoch.

    The batches of an epoch follow from the random state at its start, so that the same batches can be drawn again.
    """

    #: The number of losses of the epochs before
    num_losses: int
    #: The number of batches of a whole epoch
    num_batches: int
    #: The optimizer steps done in this epoch
    step: int = 0
    #: The sum of their losses; a tensor where they are still on their device
    loss: float | Tensor = 0.0
    #: The random states when the epoch began
    random_state: dict[str, Any] = dataclasses.field(default_factory=get_random_state)

    @property
    def is_complete(self) -> bool:
        """Whether all batches of the epoch are done."""
        return self.step >= self.num_batches

    @property
    def mean_loss(self) -> float:
        """The mean loss of the steps done in this epoch."""
        return float(self.loss) / self.step


@dataclasses.dataclass(frozen=True)
class Progress:
    """All that a run must know of the runs before it; the default is that of a training which starts anew."""

    #: The seconds of each phase
    seconds: Mapping[str, float] = dataclasses.field(default_factory=dict)
    #: The optimizer steps
    num_steps: int = 0
    #: The whole epochs
    epochs_done: int = 0
    #: The place in an epoch that was begun; None between epochs
    position: Position | None = None
    #: The random states to go on with; None for those of this process
    random_state: dict[str, Any] | None = None
