"""The terms of a query-sampling loss for a batch of triples, for any loop that calls backward and an optimizer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from pykeen.losses import Loss, UnsupportedLabelSmoothingError
from pykeen.models import ERModel, Model
from pykeen.nn.representation import Embedding, Representation
from pykeen.typing import InductiveMode
from torch import Tensor
from torch.nn import functional

from ..losses import HaLELoss, NonNegLoss
from ..nn.query import Query, QueryInteraction, Target
from ..pykeen_internals import all_rows, count_entities, entity_representations, look_up_triples, weight_of

__all__ = ["QueryTerms"]

logger = logging.getLogger(__name__)


class QueryTerms:
    r"""The loss of a batch of triples as the sum of named terms.

    With :class:`~pykeen_conj_hale.losses.HaLELoss` they are alignment, over the triples, and uniformity, over a sample
    of their queries (h, r, ?) against all entities; a query model streams the latter. With
    :class:`~pykeen_conj_hale.losses.NonNegLoss` they are alignment, and the spread of the entities. With any other
    loss, all queries are scored against all entities.
    """

    def __init__(
        self,
        model: Model,
        loss: Loss,
        *,
        mode: InductiveMode | None = None,
        chunk_size: int | None = None,
        compile: bool = False,
    ) -> None:
        """Prepare the terms.

        :param model: the model
        :param loss: the loss
        :param mode: the inductive mode, None for transductive training
        :param chunk_size: the number of entities a chunk of the streamed scores, ≥ 1; chosen from the device by default
        :param compile: whether to compile the passes over the streamed scores
        :raises ValueError: if chunk_size is less than 1
        """
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size} must be at least 1, or None to choose it from the device.")
        self.model, self.loss, self.mode = model, loss, mode
        self.chunk_size, self.compile = chunk_size, compile
        self._said: set[str] = set()

    @property
    def streams(self) -> bool:
        """Whether the scores of queries against all entities are streamed, rather than stored."""
        has_query = isinstance(getattr(self.model, "interaction", None), QueryInteraction)
        return isinstance(self.loss, HaLELoss) and isinstance(self.model, ERModel) and has_query

    def __call__(
        self,
        triples: Tensor,
        label_smoothing: float = 0.0,
        slice_size: int | None = None,
        sampled: slice | None = None,
    ) -> dict[str, Tensor]:
        """Compute the terms, the regularization included.

        :param triples: shape: ``(num_triples, 3)``, ids on the model's device
        :param label_smoothing: for losses of rows of scores; HaLE refuses it
        :param slice_size: the number of entities a slice of scores that are not streamed
        :param sampled: the rows of the triples whose queries are the sample; drawn by the loss by default
        :return: scalars by name
        """
        if label_smoothing and isinstance(self.loss, HaLELoss | NonNegLoss):
            raise UnsupportedLabelSmoothingError(self.loss)
        if isinstance(self.loss, HaLELoss):
            terms = self._sampled(self.loss, triples, slice_size, sampled)
        elif isinstance(self.loss, NonNegLoss):
            terms = self._without_negatives(self.loss, triples)
        else:
            terms = self._rows(triples, label_smoothing, slice_size)
        terms["regularization"] = self.model.collect_regularization_term()
        return terms

    def warm_up(self, num_triples: int) -> None:
        """Compile what the terms of so many triples need, without touching parameters or random states.

        :param num_triples: the number of triples a batch
        """
        if not (self.compile and self.streams and isinstance(self.loss, HaLELoss)):
            return
        with torch.no_grad():
            target = self._all_entities()
        entity = target.vector.detach().requires_grad_()
        size = self.loss.num_sampled(num_triples)
        query = entity.new_zeros(size, entity.shape[-1]).requires_grad_()
        scale = query.new_ones(size) if self._interaction.relation_scale else None
        self._logsumexp(self.loss, Query(query, scale), Target(entity, target.bias)).sum().backward()  # type: ignore[no-untyped-call]

    @property
    def _query_model(self) -> ERModel[Any, Any, Any]:
        assert isinstance(self.model, ERModel)
        return self.model

    @property
    def _interaction(self) -> QueryInteraction:
        assert isinstance(self.model.interaction, QueryInteraction)
        return self.model.interaction

    def _sampled(
        self, loss: HaLELoss, triples: Tensor, slice_size: int | None, sampled: slice | None
    ) -> dict[str, Tensor]:
        """Compute alignment over positives and uniformity over sampled queries."""
        if self.streams:
            positives, uniformity = self._stream(loss, triples, sampled)
        else:
            self._say(
                f"{type(self.model).__name__} is no query model: its scores of the sampled queries are stored for all "
                "entities, which costs time and memory."
            )
            positives = self.model.score_hrt(triples, mode=self.mode)
            rows = sampled or loss.sample_queries(len(triples), triples.device)
            scores = self.model.score_t(triples[rows, :2], slice_size=slice_size, mode=self.mode)
            uniformity = loss.uniformity(scores)
        if not self.model.use_inverse_triples:
            self._say_both_directions()
            rows = sampled or loss.sample_queries(len(triples), triples.device)
            scores = self.model.score_h(triples[rows, 1:], slice_size=slice_size, mode=self.mode)
            uniformity = 0.5 * (uniformity + loss.uniformity(scores))
        return {"alignment": loss.alignment(positives), "uniformity": uniformity}

    def _stream(self, loss: HaLELoss, triples: Tensor, sampled: slice | None) -> tuple[Tensor, Tensor]:
        """Score the positives, and stream the sampled queries against all entities; each query is built once."""
        with _sparse_lookups(self._tails()):
            heads, relations, tails = look_up_triples(self._query_model, triples, self.mode)
        query = self._interaction.encode_query(heads, relations)
        positives = self._interaction.compare(query, self._interaction.encode_target(tails))
        rows = sampled or loss.sample_queries(len(triples), triples.device)
        sample = Query(query.vector[rows], None if query.scale is None else query.scale[rows])
        return positives, self._logsumexp(loss, sample, self._all_entities()).mean()

    def _logsumexp(self, loss: HaLELoss, query: Query, target: Target) -> Tensor:
        return self._interaction.logsumexp(
            query, target, activation=loss.activation, chunk_size=self.chunk_size, compile=self.compile
        )

    def _tails(self) -> Sequence[Representation]:
        """List the representations of tails."""
        representations = entity_representations(self._query_model, self.mode)
        return [representations[i] for i in self._interaction.tail_indices]

    def _all_entities(self) -> Target:
        """Look up all entities."""
        entities = [all_rows(representation) for representation in self._tails()]
        return self._interaction.encode_target(entities[0] if len(entities) == 1 else entities)

    def _without_negatives(self, loss: NonNegLoss, triples: Tensor) -> dict[str, Tensor]:
        """Compute alignment over positives, and the spread of the entities' first representation."""
        positives = self.model.score_hrt(triples, mode=self.mode)
        entities = all_rows(entity_representations(self._query_model, self.mode)[0])
        real = torch.view_as_real(entities) if entities.is_complex() else entities
        return {"alignment": loss.alignment(positives), "spread": loss.spread(real.flatten(start_dim=1))}

    def _rows(self, triples: Tensor, label_smoothing: float, slice_size: int | None) -> dict[str, Tensor]:
        """Hand the rows of scores of all queries to a loss that knows nothing of sampling."""
        self._say(
            f"{type(self.loss).__name__} has no query sampling: all queries of a batch are scored against all entities."
        )
        num_entities = count_entities(self.model, self.mode)
        rows: dict[str, tuple[Callable[..., Tensor], Tensor, Tensor]] = {
            "tail": (self.model.score_t, triples[:, :2], triples[:, 2])
        }
        if not self.model.use_inverse_triples:
            self._say_both_directions()
            rows["head"] = (self.model.score_h, triples[:, 1:], triples[:, 0])
        terms = {}
        for name, (score, pairs, positive) in rows.items():
            predictions = score(pairs, slice_size=slice_size, mode=self.mode)
            terms[f"{name} prediction"] = self.loss.process_lcwa_scores(
                predictions=predictions,
                labels=functional.one_hot(positive, num_classes=num_entities).to(predictions.dtype),
                label_smoothing=label_smoothing or None,
                num_entities=num_entities,
            )
        return terms

    def _say_both_directions(self) -> None:
        self._say(
            "The dataset has no inverse triples: heads are predicted by scoring all heads, which is much slower than "
            "the tail prediction of reciprocal relations. dataset_kwargs=dict(create_inverse_triples=True) gives those."
        )

    def _say(self, message: str) -> None:
        """Log a message once, in one of the processes that share the training."""
        if message not in self._said and not (torch.distributed.is_initialized() and torch.distributed.get_rank()):
            self._said.add(message)
            logger.warning(message)


@contextmanager
def _sparse_lookups(representations: Iterable[Representation]) -> Iterator[None]:
    """Let lookups in these embeddings have sparse gradients.

    The stream's gradient of the same weights is dense, and autograd adds the looked-up rows to it: the sum is dense,
    and no further matrix of all entities is made for each lookup.
    """
    embeddings = [weight_of(x) for x in representations if isinstance(x, Embedding)]
    for embedding in embeddings:
        embedding.sparse = True
    try:
        yield
    finally:
        for embedding in embeddings:
            embedding.sparse = False
