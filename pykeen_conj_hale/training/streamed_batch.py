"""A batch of triples of a query model: its queries are built once, and streamed against all entities."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from pykeen.models import ERModel, Model
from pykeen.nn.representation import Embedding, Representation
from torch import Tensor, nn

from ..losses.query_loss import DirectionScores
from ..nn.query import Query, QueryInteraction, Target, unpack
from ..pykeen_internals import entity_representations, look_up_triples, some_rows, weight_of
from ..streaming.activations import HardnessActivation
from .head_candidates import heads_logsumexp
from .query_batch import Scoring, StoredBatch
from .sparse_rows import sparse_lookups

__all__ = ["DryBatch", "StreamedBatch", "has_relation_scale", "is_query_model", "query_model_of"]


def is_query_model(model: Model) -> bool:
    """Tell whether a model compares queries with all entities, so that its scores can be streamed.

    :param model: the model
    :return: whether its interaction is a :class:`~pykeen_conj_hale.nn.query.QueryInteraction`
    """
    return isinstance(model, ERModel) and isinstance(model.interaction, QueryInteraction)


def has_relation_scale(model: Model) -> bool:
    """Tell whether a model has a scale per relation.

    :param model: the model
    :return: whether it is a query model with one
    """
    return isinstance(model, ERModel) and getattr(model.interaction, "relation_scale", False)


class StreamedBatch(StoredBatch):
    """A :class:`~pykeen_conj_hale.losses.QueryBatch` of a query model: no score of a tail is stored."""

    #: The queries of the triples, and the triples' scores
    _scored: tuple[Query, Tensor] | None = None

    def positive_scores(self) -> Tensor:
        """Score the triples; see :meth:`QueryBatch.positive_scores`."""
        return self._score(sparse=False)[1]

    def _score_before_samples(self) -> None:
        self._score(sparse=True)

    def _score(self, sparse: bool) -> tuple[Query, Tensor]:
        """Build the queries, and score the triples, if that is not done yet."""
        if self._scored is None:
            model, interaction = query_model_of(self.scoring)
            # the stream's gradient of the same weights is dense: autograd adds the looked-up rows to it, and makes no
            # further matrix of all entities for each look-up
            with sparse_lookups(_tail_tables(self.scoring)) if sparse else nullcontext():
                heads, relations, tails = look_up_triples(model, self.rows.triples, self.scoring.mode)
            query = interaction.encode_query(heads, relations)
            self._scored = query, interaction.compare(query, interaction.encode_target(tails))
        return self._scored

    def all_scores(self) -> Iterator[DirectionScores]:
        """Score all queries; see :meth:`QueryBatch.all_scores`.

        Where the factors of triples are regularized, the triples are looked up first, as for a loss that scores them:
        with inverse triples their tails are no part of any query.
        """
        model, _ = query_model_of(self.scoring)
        if self._scored is None and getattr(model, "factor_regularizer", None) is not None:
            look_up_triples(model, self.rows.triples, self.scoring.mode)
        yield from super().all_scores()

    def _tail_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        query, _ = self._score(sparse=True)
        return _stream(self.scoring, query.map(lambda x: x[rows]), _targets(self.scoring, candidates), activation)

    def _head_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        if candidates is None:
            return super()._head_logsumexp(rows, activation, candidates)
        model, interaction = query_model_of(self.scoring)
        triples = self.rows.triples[rows]
        relations, relation_of = triples[:, 1].unique(return_inverse=True)  # type: ignore[no-untyped-call]
        entities = entity_representations(model, self.scoring.mode)
        heads = [some_rows(entities[i], candidates).unsqueeze(dim=0) for i in interaction.head_indices]
        parts = [some_rows(x, relations).unsqueeze(dim=1) for x in model.relation_representations]
        query = interaction.encode_query(unpack(heads), unpack(parts))
        target = _targets(self.scoring, triples[:, 2])
        return heads_logsumexp(interaction, query, relation_of, target, activation)


class DryBatch:
    """Stands in for a batch of a query model: what a loss streams of it is compiled, and nothing else happens.

    Its triples, queries and scores are zeros.

    :param scoring: how it is scored
    :param num_triples: the number of triples
    """

    label_smoothing = 0.0
    #: Whether the loss has streamed something
    has_streamed = False

    def __init__(self, scoring: Scoring, num_triples: int) -> None:
        self.scoring, self.num_triples = scoring, num_triples
        with torch.no_grad():
            self._target = _targets(scoring, dropout=False)

    def positive_scores(self) -> Tensor:
        """Give zeros."""
        return self._target.vector.new_zeros(self.num_triples)

    @property
    def num_entities(self) -> int:
        """The number of all entities."""
        return len(self._target.vector)

    def logsumexp(
        self, num: int, activation: HardnessActivation | None = None, num_candidates: int | None = None
    ) -> Tensor:
        """Stream so many queries, forward and backward.

        :param num: the number of sampled queries
        :param activation: the activation
        :param num_candidates: the number of candidates, None for all entities
        :return: shape: ``(1, num)``
        """
        self.has_streamed = True
        ids = torch.arange(num_candidates or self.num_entities, device=self._target.vector.device) % self.num_entities
        entity = self._target.vector[ids].detach().requires_grad_()
        bias = None if self._target.bias is None else self._target.bias[ids]
        query = entity.new_zeros(min(num, self.num_triples), entity.shape[-1]).requires_grad_()
        interaction, ones = query_model_of(self.scoring)[1], query.new_ones(len(query))
        scale = ones if interaction.relation_scale else None
        curvature = None if interaction.curvature_index is None else ones
        dry = Query(query, scale, curvature, ones if interaction.head_bias else None)
        result = _stream(self.scoring, dry, Target(entity, bias), activation)
        result.sum().backward()  # type: ignore[no-untyped-call]
        return result.detach().unsqueeze(dim=0)

    def all_scores(self) -> Iterator[DirectionScores]:
        """Give none: PyKEEN's scores of all entities are not compiled."""
        return iter(())

    def entities(self) -> Tensor:
        """Give the vectors of all targets."""
        return self._target.vector


def query_model_of(scoring: Scoring) -> tuple[ERModel[Any, Any, Any], QueryInteraction]:
    """Get the query model that scores, and its interaction.

    :param scoring: how batches are scored
    :return: the model and its interaction
    """
    model = scoring.model
    assert isinstance(model, ERModel)
    assert isinstance(model.interaction, QueryInteraction)
    return model, model.interaction


def _tail_representations(scoring: Scoring) -> Sequence[Representation]:
    """List the representations of tails."""
    model, interaction = query_model_of(scoring)
    representations = entity_representations(model, scoring.mode)
    return [representations[i] for i in interaction.tail_indices]


def _tail_tables(scoring: Scoring) -> list[nn.Embedding]:
    """List the tables behind embeddings of tails."""
    return [weight_of(x) for x in _tail_representations(scoring) if isinstance(x, Embedding)]


def _targets(scoring: Scoring, ids: Tensor | None = None, *, dropout: bool = True) -> Target:
    """Look up entities as tails; all of them by default."""
    _, interaction = query_model_of(scoring)
    entities = [some_rows(representation, ids, dropout=dropout) for representation in _tail_representations(scoring)]
    return interaction.encode_target(unpack(entities))


def _stream(scoring: Scoring, query: Query, target: Target, activation: HardnessActivation | None) -> Tensor:
    _, interaction = query_model_of(scoring)
    return interaction.logsumexp(
        query, target, activation=activation, chunk_size=scoring.chunk_size, compile=scoring.compile
    )
