r"""Scores against own entities only, where entities are sharded: ranks and best answers are exact over all of them.

A rank is one plus a number of better answers, which is a sum over the processes. The score of the true answer comes
from the process that has it.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.models import ERModel, Model
from pykeen.typing import LABEL_HEAD, LABEL_TAIL, Target
from torch import Tensor, distributed

from ..checks import check_choice, check_whole
from ..nn.query import QueryInteraction, unpack
from ..nn.reflexive import irreflexive_of, lowest_of, set_at
from ..pykeen_internals import look_up_queries
from ..sharding.embedding import ShardedEmbedding
from ..sharding.shards import Shards

__all__ = ["OwnScores", "predict_top", "shards_of"]

#: Numbers of entities that are scored at once: on a CPU they should stay in the cache
_CHUNK_VALUES: Final = {"cpu": 2**21}
_CHUNK_VALUES_ACCELERATOR: Final = 2**27


def shards_of(model: Model) -> Shards | None:
    """Find the processes that share the entities of a model.

    :param model: the model
    :return: the processes; None if this process has all entities
    :raises ValueError: if the entities are sharded, and no process has any yet
    """
    tables = [x for x in getattr(model, "entity_representations", ()) if isinstance(x, ShardedEmbedding)]
    return tables[0].shards if tables and tables[0].own else None


class OwnScores(NamedTuple):
    """The scores of queries against the entities of this process."""

    #: shape: ``(num_queries, num_own_entities)``
    scores: Tensor
    #: The id of the first own entity
    first: int

    @classmethod
    @torch.inference_mode()
    def of(cls, model: ERModel[Any, Any, Any], batch: Tensor, target: Target) -> OwnScores:
        """Score the queries of triples; all processes score the same ones.

        :param model: the model, in evaluation mode, with inverse relations
        :param batch: shape: ``(num_queries, 3)``, with ids of relations as in the files
        :param target: what is asked for; heads are asked for as the tails of inverse relations
        :return: the scores
        :raises ValueError: if the model has no inverse relations
        """
        if not model.use_inverse_triples:
            raise ValueError(
                "create_inverse_triples=False is not possible where entities are sharded: heads are predicted as the "
                "tails of inverse relations."
            )
        interaction = model.interaction
        assert isinstance(interaction, QueryInteraction)
        known = batch[:, 2 - TARGET_TO_INDEX[target]]
        relation = 2 * batch[:, 1] + (1 if target == LABEL_HEAD else 0)
        query = interaction.encode_query(*look_up_queries(model, known, relation)).map(lambda x: x.unsqueeze(dim=1))
        entities = [model.entity_representations[i] for i in interaction.tail_indices]
        tables = [x for x in entities if isinstance(x, ShardedEmbedding)]
        rows = [table.own_rows() for table in tables]
        # chunk by chunk: a distance needs as much memory again as the entities that it is to
        values = _CHUNK_VALUES.get(batch.device.type, _CHUNK_VALUES_ACCELERATOR)
        size = max(1, values // max(x[0].numel() for x in rows))
        scores = query.vector.new_empty(len(batch), len(rows[0]))
        for start in range(0, len(rows[0]), size):
            chunk = [x[start : start + size].unsqueeze(dim=0) for x in rows]
            scores[:, start : start + size] = interaction.compare(query, interaction.encode_target(unpack(chunk)))
        first = tables[0].own.start
        irreflexive = irreflexive_of(model)
        if irreflexive is not None:
            affected = irreflexive[batch[:, 1]].unsqueeze(dim=-1)
            scores = set_at(scores, known.unsqueeze(dim=-1) - first, affected, lowest_of(scores))
        return cls(scores, first)

    def at(self, rows: Tensor, ids: Tensor) -> tuple[Tensor, Tensor]:
        """Look up scores.

        :param rows: shape: ``(n,)``, the queries
        :param ids: shape: ``(n,)``, the ids of entities
        :return: their scores, of any number where the entity is another process's; whether it is an own one
        """
        if not self.scores.shape[1]:
            # of few candidates, this process may have none
            return self.scores.new_zeros(len(ids)), torch.zeros_like(ids, dtype=torch.bool)
        place = ids - self.first
        is_own = (place >= 0) & (place < self.scores.shape[1])
        return self.scores[rows, place.clamp(0, self.scores.shape[1] - 1)], is_own


@torch.inference_mode()
def predict_top(
    model: ERModel[Any, Any, Any], queries: Tensor, k: int = 10, target: Target = LABEL_TAIL
) -> tuple[Tensor, Tensor]:
    """Find the best answers of queries where entities are sharded.

    All processes call it together, with the same queries. Each sends its own k best answers: the messages do not grow
    with the number of entities.

    :param model: the model
    :param queries: shape: ``(num_queries, 2)``, the known entity and the relation of each query, with ids of relations
        as in the files
    :param k: the number of answers, at most that of the entities
    :param target: what is asked for, ``"tail"`` or ``"head"``
    :return: ids and scores, the best one first; shape: ``(num_queries, k)``, the same in all processes
    :raises ValueError: if the model's entities are not sharded, or an argument is not allowed
    """
    shards, k = shards_of(model), check_whole("k", k, maximum=model.num_entities)
    check_choice("target", target, (LABEL_HEAD, LABEL_TAIL))
    if shards is None:
        raise ValueError(f"model={type(model).__name__} has no sharded entities: pykeen.predict predicts with it.")
    was_training = model.training
    model.eval()
    column = 2 - TARGET_TO_INDEX[target]
    batch = queries.new_zeros(len(queries), 3)
    batch[:, column], batch[:, 1] = queries[:, 0], queries[:, 1]
    own = OwnScores.of(model, batch, target)
    model.train(was_training)
    # as many of each process, as messages have one size
    padding = max(0, k - own.scores.shape[1])
    scores = torch.nn.functional.pad(own.scores, (0, padding), value=-torch.inf)
    best = scores.topk(k, dim=1)
    parts = [[torch.empty_like(x) for _ in range(shards.size)] for x in (best.values, best.indices)]
    distributed.all_gather(parts[0], best.values.contiguous(), group=shards.group)
    distributed.all_gather(parts[1], (best.indices + own.first).contiguous(), group=shards.group)
    values, places = torch.cat(parts[0], dim=1).topk(k, dim=1)
    return torch.cat(parts[1], dim=1).gather(1, places), values
