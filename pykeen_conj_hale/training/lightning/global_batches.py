"""The global batches of an epoch, which are the same for any number of processes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor

from ..budget.checkpoint import CheckpointError
from ..mapped_triples import MappedTriples, Permutation
from .batch_share import BatchShare

__all__ = ["GlobalBatches", "RandomOrder", "check_same"]


class RandomOrder:
    """An order of indices for each epoch, the same in all processes and again after a restart.

    :param num: the number of indices
    :param seed: the seed of the orders, to which the epoch is added
    :param is_stored: whether an order is stored; one that is not is computed where it is asked for
    """

    def __init__(self, num: int, seed: int, is_stored: bool = True) -> None:
        self.num, self.seed, self.is_stored, self.epoch = num, seed, is_stored, 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, as Lightning does before each one.

        :param epoch: the number of the epoch, from 0
        """
        self.epoch = epoch

    def permutation(self) -> Tensor | Permutation:
        """Draw the order of the epoch, without touching the global random state.

        :return: shape: ``(num,)``, on the CPU, so that it does not depend on the device
        """
        if not self.is_stored:
            return Permutation(self.num, self.seed + self.epoch)
        return torch.randperm(self.num, generator=torch.Generator().manual_seed(self.seed + self.epoch))


class GlobalBatches:
    """Iterates over the shares that one process has of an epoch's global batches.

    They are drawn by index on the device where the triples are. Global batches and shares depend on the seed and the
    epoch alone. The state after any batch can be saved and restored; an interrupted epoch goes on there.
    """

    #: Lightning looks for it where there is a ``sampler``
    batch_sampler: None = None

    def __init__(
        self,
        triples: Tensor | MappedTriples,
        batch_size: int,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        reshuffle: bool = True,
        drop_last: bool = False,
        entities: slice | None = None,
    ) -> None:
        """Initialize the batches.

        :param triples: shape: ``(num_triples, 3)``, the ids of all triples, the same in all processes; or what draws
            them from a file
        :param batch_size: the number of triples per global batch, ≥ world_size
        :param seed: the seed of the order of the triples, the same in all processes
        :param rank: the number of this process, from 0
        :param world_size: the number of processes
        :param reshuffle: whether each epoch has a random order of its own; otherwise all have the same random one
        :param drop_last: whether to drop the last global batch if it is smaller
        :param entities: the ids of the entities that this process has, where they are sharded
        :raises ValueError: if the batches cannot be shared, or there are none
        """
        if batch_size < world_size:
            raise ValueError(
                f"batch_size={batch_size} is the number of triples of a step over all processes, and must be at least "
                f"their number, {world_size}."
            )
        if drop_last and len(triples) < batch_size:
            raise ValueError(
                f"batch_size={batch_size} with drop_last=True leaves no batch of {len(triples)} triples; use a smaller "
                "batch_size, or drop_last=False."
            )
        self.triples, self.batch_size, self.drop_last = triples, batch_size, drop_last
        self.rank, self.world_size, self.entities = rank, world_size, entities
        self.order = RandomOrder(len(triples), seed, is_stored=isinstance(triples, Tensor))
        #: Where Lightning, as PyTorch's own samplers, looks for ``set_epoch``
        self.sampler = self.order if reshuffle else None
        self._position = (0, 0)  # the epoch, and its batches handed out
        self._resume: tuple[int, int] | None = None

    def __len__(self) -> int:
        full, rest = divmod(len(self.triples), self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

    def __iter__(self) -> Iterator[BatchShare]:
        epoch = self.order.epoch
        resumed, first = self._resume or (epoch, 0)
        self._resume = None
        order = self.order.permutation()
        if isinstance(order, Tensor):
            order = order.to(self.triples.device)
        # a state that was saved at the end of an epoch, or in another one, leaves the whole epoch
        for batch in range(first if resumed == epoch and first < len(self) else 0, len(self)):
            rows = order[batch * self.batch_size : (batch + 1) * self.batch_size]
            own = rows[self.rank :: self.world_size]
            self._position = (epoch, batch + 1)
            yield BatchShare(
                self.triples[own if len(own) else rows[:1]],
                len(rows),
                rank=self.rank,
                world_size=self.world_size,
                seed=((self.order.seed + epoch) * 1_000_003 + batch) % 2**63,
                entities=self.entities,
            )

    def state_dict(self) -> dict[str, Any]:
        """Get the state; it is the same in all processes."""
        epoch, batch = self._position
        return dict(epoch=epoch, batch=batch, **self._made_with())

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where a state was saved; the number of processes may have changed.

        :param state: the state
        :raises CheckpointError: if it is the state of other batches
        """
        check_same(state, self._made_with())
        self._resume = (state["epoch"], state["batch"])

    def _made_with(self) -> dict[str, Any]:
        """List what the batches depend on."""
        return dict(
            num_triples=len(self.triples), batch_size=self.batch_size, drop_last=self.drop_last, seed=self.order.seed
        )


def check_same(checkpoint: Mapping[str, Any], run: Mapping[str, Any]) -> None:
    """Check that a checkpoint belongs to a run.

    :param checkpoint: what the checkpoint was made with, by name; more than is needed does no harm
    :param run: what the run is made with
    :raises CheckpointError: if they differ
    """
    for name, value in run.items():
        if checkpoint.get(name) != value:
            raise CheckpointError(
                f"{name} is {checkpoint.get(name)!r} in the checkpoint, but {value!r} in this run; it can only be "
                "resumed with the same."
            )
