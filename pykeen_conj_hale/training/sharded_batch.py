"""A batch of triples of a query model whose entities are sharded: each process streams its own ones."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor

from ..losses.query_loss import DirectionScores
from ..nn.query import unpack
from ..pykeen_internals import entity_representations
from ..sharding.collectives import logsumexp_of_shards, to_shards
from ..sharding.embedding import ShardedEmbedding
from ..streaming.activations import HardnessActivation
from .streamed_batch import StreamedBatch, query_model_of

__all__ = ["ShardedBatch"]

_NO_PART = (
    "Sharded entities serve losses of positives and of the log-sum-exp over entities (HaLE, AllNeg); "
    "this loss asks for "
)


class ShardedBatch(StreamedBatch):
    """A :class:`~pykeen_conj_hale.losses.QueryBatch` that all processes of a group score together.

    They look up the same triples and build the same queries. Each compares the sampled ones with its own entities; the
    log-sum-exp over all of them takes one number per query from the others, and their part of the queries' gradient.
    """

    def _tail_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        model, interaction = query_model_of(self.scoring)
        entities = entity_representations(model, self.scoring.mode)
        tables = [x for i in interaction.tail_indices if isinstance(x := entities[i], ShardedEmbedding)]
        assert tables[0].shards is not None
        group = tables[0].shards.group
        query = self._score(sparse=True)[0].map(lambda x: to_shards(x[rows], group))
        is_empty = candidates is not None and not len(candidates)
        if candidates is not None and is_empty:
            # the same operations, as gradients are messages that all processes take part in
            candidates = candidates.new_zeros(1)
        target = interaction.encode_target(unpack([table.own_rows(candidates) for table in tables]))
        own = interaction.logsumexp(
            query, target, activation=activation, chunk_size=self.scoring.chunk_size, compile=self.scoring.compile
        )
        return logsumexp_of_shards(own - torch.inf if is_empty else own, group)

    def _head_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        raise ValueError(
            "create_inverse_triples=False is not possible where entities are sharded: heads are predicted as the tails "
            "of inverse relations. Give dataset_kwargs=dict(create_inverse_triples=True)."
        )

    def all_scores(self) -> Iterator[DirectionScores]:
        """Refuse: the scores of all entities are in no process."""
        raise ValueError(f"{_NO_PART}the scores of all entities.")

    def entities(self) -> Tensor:
        """Refuse: all entities are in no process."""
        raise ValueError(f"{_NO_PART}all entities.")
