"""An embedding of which each process holds a part of the rows."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any, Final

import torch
from pykeen.nn.init import PretrainedInitializer
from pykeen.nn.representation import Embedding
from torch import Tensor, nn
from torch.nn import functional

from .collectives import sum_of_shards
from .shards import Shards

__all__ = ["ShardedEmbedding", "sharded_tables"]

logger = logging.getLogger(__name__)

#: Rows that are initialized from one seed: the values of a row do not depend on which process has it
_BLOCK_ROWS: Final = 2**16


class ShardedEmbedding(Embedding):
    """An embedding of n rows, of which each process of a group has its own ones: :meth:`Shards.rows`.

    A look-up is a sum over the processes, of which one has the row, and so are all its messages: ids times d numbers.
    All processes must look up the same ids. Until :meth:`share` says which rows are its own, it has none and takes
    no memory.
    """

    #: The processes, once they are known
    shards: Shards | None = None

    def __init__(self, max_id: int, **kwargs: Any) -> None:
        """Initialize the embedding, without rows.

        :param max_id: the number n of all rows
        :param kwargs: further arguments of :class:`pykeen.nn.Embedding`
        :raises ValueError: if there is dropout, a constraint, or an initializer of pretrained rows
        """
        super().__init__(max_id=1, **kwargs)
        for name in ("dropout", "constrainer"):
            if getattr(self, name) is not None:
                raise ValueError(f"{name}={kwargs[name]!r} of entities is not possible where they are sharded.")
        if isinstance(self.initializer, PretrainedInitializer):
            raise ValueError("initializer='pretrained' of entities is not possible where they are sharded.")
        # the one row there is stands for rows to come
        self.max_id = self._embeddings.num_embeddings = max_id

    def _make_rows(self, num: int, device: torch.device) -> nn.Embedding:
        like = self._embeddings.weight
        made = nn.Embedding(num, like.shape[1], dtype=like.dtype, device="meta").to_empty(device=device)
        made.num_embeddings = self.max_id  # as it shows in the model's settings, whatever the number of processes
        return made.requires_grad_(like.requires_grad)

    @property
    def own(self) -> range:
        """The ids of the rows that this process has.

        :raises ValueError: if it does not know them yet
        """
        if self.shards is None:
            raise ValueError(
                "shard_entities=True: the entities have no values before a trainer with "
                'strategy="entity_shards" starts.'
            )
        return self.shards.rows(self.max_id)

    def share(self, shards: Shards, device: torch.device, seed: int) -> None:
        """Take own rows, and initialize them as any other number of processes would.

        :param shards: the processes
        :param device: where the rows are to be
        :param seed: the seed of the initial values, the same in all processes
        :raises ValueError: if a process would have no row
        """
        self.shards = shards
        own = self.own
        self._embeddings = self._make_rows(len(own), device)
        first = own.start // _BLOCK_ROWS * _BLOCK_ROWS
        for start in range(first, own.stop, _BLOCK_ROWS):
            size = min(_BLOCK_ROWS, self.max_id - start)
            block = self._initial_rows(size, seed + start // _BLOCK_ROWS)
            low, high = max(start, own.start), min(start + size, own.stop)
            with torch.no_grad():
                self._embeddings.weight[low - own.start : high - own.start] = block[low - start : high - start]

    def _initial_rows(self, num: int, seed: int) -> Tensor:
        """Initialize a block of rows on the CPU, whose random numbers are the same for all devices."""
        rows = torch.empty(num, *self._shape, dtype=self._embeddings.weight.dtype)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return self.initializer(rows).reshape(num, -1)

    def reset_parameters(self) -> None:
        """Do nothing: :meth:`share` initializes the rows."""

    def _plain_forward(self, indices: Tensor | None = None) -> Tensor:
        if indices is None:
            raise ValueError(
                "shard_entities=True: no process has all entities, which this asks for. Train with HaLE or AllNeg and "
                'inverse triples, evaluate with evaluator="IndexedRankBased", predict with predict_top.'
            )
        own, shards = self.own, self.shards
        assert shards is not None
        inside = (indices >= own.start) & (indices < own.stop)
        # the others look up a row for nothing: their number is not asked for, for which the host would wait
        rows = self._look_up((indices - own.start).clamp(0, len(own) - 1)) * inside.unsqueeze(dim=-1)
        return self._as_vectors(sum_of_shards(rows, shards.group))

    def own_rows(self, indices: Tensor | None = None) -> Tensor:
        """Look up own rows, without a message.

        :param indices: shape: ``(n,)``, their numbers from the first own one; None for all of them
        :return: shape: ``(n, *shape)``
        """
        x = self._as_vectors(self._embeddings.weight if indices is None else self._look_up(indices))
        return x if self.normalizer is None else self.normalizer(x)

    def _look_up(self, indices: Tensor) -> Tensor:
        return functional.embedding(indices, self._embeddings.weight, sparse=self._embeddings.sparse)

    def _as_vectors(self, rows: Tensor) -> Tensor:
        x = rows.view(*rows.shape[:-1], *self._shape)
        return torch.view_as_complex(x) if self.is_complex else x


def sharded_tables(module: nn.Module) -> Iterator[tuple[str, ShardedEmbedding]]:
    """List the sharded tables of a model.

    :param module: the model, or what has one
    :return: pairs of the name of the table's parameter, and the table
    """
    for name, part in module.named_modules():
        if isinstance(part, ShardedEmbedding):
            yield f"{name}._embeddings.weight", part
