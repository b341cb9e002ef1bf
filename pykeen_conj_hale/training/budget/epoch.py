"""The batches of an epoch, as far as a run goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, Generic, Protocol, TypeVar

from .position import Position
from .random_state import set_random_state

__all__ = ["Batches", "EpochBatches"]

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
            # the clock is read before the next batch is made, which may take its time
            if self._after_step():
                self._next = next(self._iterator, _END)

    def __len__(self) -> int:
        return self._count
