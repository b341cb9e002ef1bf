"""The batches of an epoch, as far as a run goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from .position import Position
from .random_state import get_random_state, set_random_state

__all__ = ["Batches", "EpochBatches", "open_epoch"]

BatchType = TypeVar("BatchType")
BatchTypeCo = TypeVar("BatchTypeCo", covariant=True)

_END: Final[Any] = object()


class Batches(Protocol[BatchTypeCo]):
    """All batches of an epoch, for example a data loader."""

    def __iter__(self) -> Iterator[BatchTypeCo]: ...

    def __len__(self) -> int: ...


class EpochBatches(Generic[BatchType]):
    """The batches of an epoch from a position on: at least one, if one is left, and then as many as are allowed.

    Its length is the number of batches handed out: PyKEEN divides the epoch's loss by it after the epoch.

    :param batches: all batches of the epoch
    :param position: where to begin; the batches of the steps done before are skipped
    :param random_state: the random state to go on with after the skipped batches; None if none are skipped
    :param after_step: called when a batch's optimizer step is done; returns whether another one may follow
    """

    def __init__(
        self,
        batches: Batches[BatchType],
        position: Position,
        random_state: dict[str, Any] | None,
        after_step: Callable[[], bool],
    ) -> None:
        self.position, self._after_step, self._count = position, after_step, 0
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
            # the clock is read before the next batch is made, which may take its time
            if self._after_step():
                self._next = next(self._iterator, _END)

    def __len__(self) -> int:
        return self._count


def open_epoch(
    batches: Batches[BatchType],
    position: Position | None,
    num_losses: int,
    random_state: dict[str, Any] | None,
    after_step: Callable[[], bool],
) -> EpochBatches[BatchType]:
    """Begin an epoch, or go on with the one that was begun.

    :param batches: all batches of the epoch
    :param position: the place in the epoch that was begun; None to begin one
    :param num_losses: the number of losses of the epochs before
    :param random_state: the random states to go on with; None for those of this process
    :param after_step: see :class:`EpochBatches`
    :return: the batches that are left, with the position
    :raises ValueError: if the epoch that was begun has another number of batches
    """
    if position is None:
        if random_state is not None:
            set_random_state(random_state)
        position = Position(num_losses=num_losses, num_batches=len(batches))
        return EpochBatches(batches, position, None, after_step)
    if position.num_batches != len(batches):
        raise ValueError(
            f"batch_size gives {len(batches)} batches per epoch, and the checkpoint is in the middle of an epoch "
            f"of {position.num_batches}: go on with the same batch_size, sampler and drop_last."
        )
    # in the process which began the epoch, the random state is where it was left
    return EpochBatches(batches, position, random_state or get_random_state(), after_step)
