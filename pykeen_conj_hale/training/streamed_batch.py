"""A batch of triples of a query model: its queries are built once, and streamed against all entities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import torch
from pykeen.models import ERModel, Model
from pykeen.nn.representation import Embedding, Representation
from torch import Tensor

from ..losses.query_loss import DirectionScores
from ..nn.query import Query, QueryInteraction, Target
from ..pykeen_internals import all_rows, entity_representations, look_up_triples, weight_of
from ..streaming.activations import HardnessActivation
from .query_batch import Scoring, StoredBatch

__all__ = ["DryBatch", "StreamedBatch", "has_relation_scale", "is_query_model"]


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

    def logsumexp(self, num: int, activation: HardnessActivation | None = None) -> Tensor:
        """Compute the log-sum-exp of a sample of queries; see :meth:`QueryBatch.logsumexp`."""
        self._score(sparse=True)
        return super().logsumexp(num, activation)

    def _score(self, sparse: bool) -> tuple[Query, Tensor]:
        """Build the queries, and score the triples, if that is not done yet."""
        if self._scored is None:
            model, interaction = _query_model(self.scoring)
            with _sparse_lookups(_tail_representations(self.scoring)) if sparse else nullcontext():
                heads, relations, tails = look_up_triples(model, self.rows.triples, self.scoring.mode)
            query = interaction.encode_query(heads, relations)
            self._scored = query, interaction.compare(query, interaction.encode_target(tails))
        return self._scored

    def _tail_logsumexp(self, num: int, activation: HardnessActivation | None) -> Tensor:
        query, _ = self._score(sparse=True)
        rows = self.rows.sample(num)
        sample = Query(query.vector[rows], None if query.scale is None else query.scale[rows])
        return _stream(self.scoring, sample, _all_targets(self.scoring), activation)


class DryBatch:
    """Stands in for a batch of a query model: what a loss streams of it is compiled, and nothing else happens.

    Its triples, queries and scores are zeros.

    :param scoring: how it is scored
    :param num_triples: the number of triples
    """

    label_smoothing = 0.0

    def __init__(self, scoring: Scoring, num_triples: int) -> None:
        self.scoring, self.num_triples = scoring, num_triples
        with torch.no_grad():
            self._target = _all_targets(scoring, dropout=False)

    def positive_scores(self) -> Tensor:
        """Give zeros."""
        return self._target.vector.new_zeros(self.num_triples)

    def logsumexp(self, num: int, activation: HardnessActivation | None = None) -> Tensor:
        """Stream so many queries, forward and backward.

        :param num: the number of sampled queries
        :param activation: the activation
        :return: shape: ``(1, num)``
        """
        entity = self._target.vector.detach().requires_grad_()
        query = entity.new_zeros(min(num, self.num_triples), entity.shape[-1]).requires_grad_()
        scale = query.new_ones(len(query)) if _query_model(self.scoring)[1].relation_scale else None
        result = _stream(self.scoring, Query(query, scale), Target(entity, self._target.bias), activation)
        result.sum().backward()  # type: ignore[no-untyped-call]
        return result.detach().unsqueeze(dim=0)

    def all_scores(self) -> Iterator[DirectionScores]:
        """Give none: PyKEEN's scores of all entities are not compiled."""
        return iter(())

    def entities(self) -> Tensor:
        """Give the vectors of all targets."""
        return self._target.vector


def _query_model(scoring: Scoring) -> tuple[ERModel[Any, Any, Any], QueryInteraction]:
    model = scoring.model
    assert isinstance(model, ERModel)
    assert isinstance(model.interaction, QueryInteraction)
    return model, model.interaction


def _tail_representations(scoring: Scoring) -> Sequence[Representation]:
    """List the representations of tails."""
    model, interaction = _query_model(scoring)
    representations = entity_representations(model, scoring.mode)
    return [representations[i] for i in interaction.tail_indices]


def _all_targets(scoring: Scoring, *, dropout: bool = True) -> Target:
    """Look up all entities as tails."""
    _, interaction = _query_model(scoring)
    entities = [all_rows(representation, dropout=dropout) for representation in _tail_representations(scoring)]
    return interaction.encode_target(entities[0] if len(entities) == 1 else entities)


def _stream(scoring: Scoring, query: Query, target: Target, activation: HardnessActivation | None) -> Tensor:
    _, interaction = _query_model(scoring)
    return interaction.logsumexp(
        query, target, activation=activation, chunk_size=scoring.chunk_size, compile=scoring.compile
    )


@contextmanager
def _sparse_lookups(representations: Iterable[Representation]) -> Iterator[None]:
    """Let look-ups in these embeddings have sparse gradients.

    The stream's gradient of the same weights is dense, and autograd adds the looked-up rows to it: the sum is dense,
    and no further matrix of all entities is made for each look-up.
    """
    embeddings = [weight_of(x) for x in representations if isinstance(x, Embedding)]
    for embedding in embeddings:
        embedding.sparse = True
    try:
        yield
    finally:
        for embedding in embeddings:
            embedding.sparse = False
