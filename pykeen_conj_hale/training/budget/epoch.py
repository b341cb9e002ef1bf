"""One epoch: how far it is, and its batches as far as it may go."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from typing import Any, Final, Generic, TypeVar

from pykeen.training.callbacks import (
    EvaluationLoopTrainingCallback,
    EvaluationLossTrainingCallback,
    EvaluationTrainingCallback,
    StopperTrainingCallback,
    TrainingCallback,
)

from .random_state import get_random_state, set_random_state

__all__ = ["EVALUATING", "EpochBatches", "EpochRecord", "InPhase", "Position"]

BatchType = TypeVar("BatchType")

#: PyKEEN's callbacks that evaluate
EVALUATING: Final = (
    EvaluationTrainingCallback,
    EvaluationLoopTrainingCallback,
    EvaluationLossTrainingCallback,
    StopperTrainingCallback,
)

_END: Final[Any] = object()


@dataclasses.dataclass
class Position:
    """A place within an epoch.

    The batches of an epoch follow from the random state at its start, so that with this place they can be drawn again.
    """

    #: The number of losses of the epochs before
    num_losses: int
    #: The number of batches of a whole epoch
    num_batches: int
    #: The steps done in this epoch
    step: int = 0
    #: The sum of their losses
    loss: float = 0.0
    #: The random states when the epoch began
    random_state: dict[str, Any] = dataclasses.field(default_factory=get_random_state)

    @property
    def is_complete(self) -> bool:
        """Whether all batches of the epoch are done."""
        return self.step >= self.num_batches


class EpochBatches(Generic[BatchType]):
    """The batches of an epoch, from its position on, as far as it may go: at least one, if one is left.

    Its length is the number of batches handed out: PyKEEN divides the epoch's loss by it after the epoch.

    :param batches: all batches of the epoch
    :param position: the steps done before are skipped
    :param random_state: the random state to go on from if steps were skipped
    :param after_step: what is called when a batch's optimizer step is done, and tells whether another one may follow
    """

    def __init__(
        self,
        batches: Iterable[BatchType],
        position: Position,
        random_state: dict[str, Any] | None,
        after_step: Callable[[], bool],
    ) -> None:
        self._after_step, self._count = after_step, 0
        if random_state is not None:
            set_random_state(position.random_state)
        self._iterator = iter(batches)
        for _ in range(position.step):
            next(self._iterator)
        if random_state is not None:
            set_random_state(random_state)
        self._next: Any = next(self._iterator, _END)

    @property
    def is_empty(self) -> bool:
        """Whether there is no batch to hand out."""
        return self._next is _END

    def __iter__(self) -> Iterator[BatchType]:
        while self._next is not _END:
            batch, self._next = self._next, _END
            self._count += 1
            yield batch
            del batch
            # the clock is asked before the next batch is made, which may take its time
            if self._after_step():
                self._next = next(self._iterator, _END)

    def __len__(self) -> int:
        return self._count


class EpochRecord(TrainingCallback):
    """Adds up an epoch's losses, which may be numbers or tensors, and notes whether ``post_train`` was called."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total: Any = 0.0
        self.count, self.is_done = 0, False

    def on_batch(self, epoch: int, batch: Any, batch_loss: Any, **kwargs: Any) -> None:
        """Add the loss of a (sub-)batch."""
        self.total = self.total + batch_loss
        self.count += 1

    def post_train(self, losses: list[float], **kwargs: Any) -> None:
        """Note it."""
        self.is_done = True


class InPhase:
    """A callback whose work is counted as a phase of its own.

    :param callback: the callback
    :param phase: what makes the phase's context
    """

    def __init__(self, callback: TrainingCallback, phase: Callable[[], AbstractContextManager[None]]) -> None:
        self.callback, self._phase = callback, phase

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.callback, name)
        if not name.startswith(("pre_", "on_", "post_")):
            return attribute

        def call(*args: Any, **kwargs: Any) -> None:
            with self._phase():
                attribute(*args, **kwargs)

        return call
