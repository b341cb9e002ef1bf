"""The share of one process in a global batch.

Row i of a global batch belongs to process i mod W of W. As the order of the triples is random, the first k rows of a
global batch are a random sample of it. Each process has k / W of them, rounded up or down.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ...losses.query_loss import Term

__all__ = ["BatchShare"]


class BatchShare(NamedTuple):
    """The rows of a global batch that one process has."""

    #: shape: ``(num_own_triples, 3)``; a process without a row gets the first one of the batch, with weight 0, as every
    #: process takes part in the averaging of gradients
    triples: Tensor
    #: The number n of triples of the global batch
    num_triples: int
    #: The number of this process, from 0
    rank: int
    #: The number W of processes
    world_size: int
    #: What the candidates of this global batch depend on, the same in all processes
    seed: int = 0
    #: The ids of the entities that this process has, where they are sharded; None for all of them
    entities: slice | None = None

    def num_own(self, num: int) -> int:
        """Count the rows of this share among the first rows of the global batch; they are the share's first rows.

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
        :return: shape: ``(num,)``, their ids; where entities are sharded, those that this process has, numbered from
            its first entity
        """
        generator = torch.Generator().manual_seed(self.seed)
        ids = torch.randint(num_entities, (num,), generator=generator)
        if self.entities is not None:
            ids = ids[(ids >= self.entities.start) & (ids < self.entities.stop)] - self.entities.start
        # otherwise the host would wait for the device to finish; PyTorch has read what is not pinned when it returns
        return ids.to(self.triples.device, non_blocking=True)

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
