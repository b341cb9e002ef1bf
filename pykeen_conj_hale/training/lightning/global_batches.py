"""Global batches, and the share of each process in them: the same for any number of processes.

Row i of a global batch belongs to process i mod W of W. As the order of the triples is random, the first k rows of a
global batch are a random sample of it, of which each process has k / W rows, give or take one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor

from ...losses.query_loss import Term
from ..budget.checkpoint import CheckpointError

__all__ = ["BatchShare", "GlobalBatches", "RandomOrder", "check_same"]


class BatchShare(NamedTuple):
    """The rows of a global batch which one process has."""

    #: shape: ``(count(num_triples) or 1, 3)``; a process without a row is given one of weight 0, as it has to take part
    #: in the averaging of gradients
    triples: Tensor
    #: The number n of triples of the global batch
    num_triples: int
    #: The number of this process, from 0
    rank: int
    #: The number W of processes
    world_size: int
    #: What the candidates of this global batch depend on, the same in all processes
    seed: int = 0

    def num_own(self, num: int) -> int:
        """Count those of the first rows of the global batch which are in this share; they are its first rows.

        :param num: the number of rows of the global batch
        :return: the number of rows here
        """
        return len(range(self.rank, num, self.world_size))

    def sample(self, num: int) -> slice:
        """Choose the sampled rows of this share; see :meth:`~pykeen_conj_hale.training.query_batch.Rows.sample`.

        :param num: the number of sampled rows of the global batch, its first ones
        :return: the rows here; a process that has none of them takes its first row, which counts with weight 0
        """
        return slice(max(1, self.num_own(num)))

    def candidates(self, num: int, num_entities: int) -> Tensor:
        """Draw entities; see :meth:`~pykeen_conj_hale.training.query_batch.Rows.candidates`.

        All processes draw the same, so that the loss of the global batch does not depend on their number.

        :param num: the number of candidates
        :param num_entities: the number of all entities
        :return: shape: ``(num,)``, their ids
        """
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randint(num_entities, (num,), generator=generator).to(self.triples.device)

    def weigh(self, term: Term) -> Tensor:
        """Weigh a term of own rows, so that the mean over processes is the term of the global batch.

        :param term: the term
        :return: a scalar
        """
        if term.reduction == "sum":
            return term.value * float(self.world_size if self.num_own(term.num_rows) else 0)
        return term.value * self.weight(term.num_rows)

    def weight(self, num: int) -> float:
        r"""Get the weight with which a mean over own rows enters the mean over processes.

        With :math:`n_p` of n rows in process p, :math:`\frac{1}{W} \sum_p \frac{W n_p}{n} \bar x_p` is the mean over
        all n rows, however uneven the shares are.

        :param num: the number n, the first rows of the global batch
        :return: :math:`W n_p / n`
        """
        return self.world_size * self.num_own(num) / num


class RandomOrder:
    """An order of indices for each epoch, the same in all processes and again after a restart.

    :param num: the number of indices
    :param seed: what the orders depend on, besides the epoch
    """

    def __init__(self, num: int, seed: int) -> None:
        self.num, self.seed, self.epoch = num, seed, 0

    def set_epoch(self, epoch: int) -> None:
        """Set the epoch, as Lightning does before each one.

        :param epoch: the number of the epoch, from 0
        """
        self.epoch = epoch

    def permutation(self) -> Tensor:
        """Draw the order of the epoch, without touching the global random state.

        :return: shape: ``(num,)``, on the CPU, so that it does not depend on the device
        """
        return torch.randperm(self.num, generator=torch.Generator().manual_seed(self.seed + self.epoch))


class GlobalBatches:
    """A process's shares of the global batches of an epoch, drawn by index on the device where the triples are.

    The global batches, and the rows of each share, depend on the seed and the epoch alone. The state after a number of
    batches can be saved and restored, so that an interrupted epoch goes on where it was.
    """

    #: Lightning looks for it where there is a ``sampler``
    batch_sampler: None = None

    def __init__(
        self,
        triples: Tensor,
        batch_size: int,
        *,
        seed: int,
        rank: int = 0,
        world_size: int = 1,
        reshuffle: bool = True,
        drop_last: bool = False,
    ) -> None:
        """Initialize the batches.

        :param triples: shape: ``(num_triples, 3)``, the ids of all triples, the same in all processes
        :param batch_size: the number of triples per global batch, ≥ world_size
        :param seed: what the order of the triples depends on, the same in all processes
        :param rank: the number of this process, from 0
        :param world_size: the number of processes
        :param reshuffle: whether each epoch has a random order of its own; otherwise all have the same random one
        :param drop_last: whether to drop the last global batch if it is smaller
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
        self.rank, self.world_size = rank, world_size
        self.order = RandomOrder(len(triples), seed)
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
        order = self.order.permutation().to(self.triples.device)
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
                seed=(self.order.seed + epoch) * 1_000_003 + batch,
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
