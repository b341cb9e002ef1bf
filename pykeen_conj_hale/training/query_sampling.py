"""The query-sampling loop: positives as triples, a sample of queries against all entities."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar

import torch
from pykeen.models import ERModel
from pykeen.nn.representation import Representation
from pykeen.training.training_loop import NonFiniteLossError, TrainingLoop
from pykeen.triples import CoreTriplesFactory
from torch import Tensor
from torch.nn import functional

from ..losses import HaLELoss
from ..nn.query import Query, QueryInteraction
from .budget import TimeBudgetMixin

__all__ = ["QuerySamplingTrainingLoop", "TripleBatches"]

logger = logging.getLogger(__name__)


class TripleBatches:
    """Batches of triples, drawn by index on the device where the triples are.

    :param triples: shape: ``(num_triples, 3)``, the ids of the triples
    :param batch_size: the number of triples a batch
    :param shuffle: whether each epoch has an order of its own, from the global random state
    :param drop_last: whether to drop the last batch if it is smaller
    """

    def __init__(self, triples: Tensor, batch_size: int, shuffle: bool = True, drop_last: bool = False) -> None:
        self.triples, self.batch_size, self.shuffle, self.drop_last = triples, batch_size, shuffle, drop_last

    def __len__(self) -> int:
        full, rest = divmod(len(self.triples), self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

    def __iter__(self) -> Iterator[Tensor]:
        triples = self.triples
        if self.shuffle:
            # the CPU's generator, so that the order does not depend on the device
            triples = triples[torch.randperm(len(triples)).to(triples.device)]
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield triples[start : start + self.batch_size]


class QuerySamplingTrainingLoop(TimeBudgetMixin[Tensor], TrainingLoop[Tensor]):
    r"""A training loop for losses which split into positives and queries.

    Each triple (h, r, t) of a batch is a positive and holds the query (h, r, ?). With
    :class:`~pykeen_conj_hale.losses.HaLELoss` the positives are scored as triples, and a sampled fraction α of the
    queries is scored against all entities. Query models stream those scores: they are never stored. Any other PyKEEN
    model that can score tails works too, at the speed of its own 1-to-N scoring.

    Head prediction is the tail prediction of reciprocal relations (``create_inverse_triples=True``). Without them both
    directions are trained all the same, the head's by the model's scores of all heads, which is slower.

    With any other loss of PyKEEN all queries of a batch are scored against all entities, and the loss sees the rows of
    scores with one positive each.
    """

    hpo_default: ClassVar[Mapping[str, Any]] = dict(  # type: ignore[assignment, misc]
        batch_size=dict(type=int, low=8, high=12, scale="power_two"),  # [256, 4096]
    )

    def __init__(self, *, chunk_size: int | None = None, **kwargs: Any) -> None:
        """Initialize the training loop.

        :param chunk_size: the number of entities a chunk of the streamed scores, ≥ 1; chosen from the device by default
        :param kwargs: ``time_budget``, the seconds of training (see
            :class:`~pykeen_conj_hale.training.TimeBudgetMixin`), and the arguments of
            :class:`pykeen.training.TrainingLoop`
        :raises ValueError: if chunk_size is less than 1
        """
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"chunk_size={chunk_size} must be at least 1, or None to choose it from the device.")
        super().__init__(**kwargs)
        self.chunk_size = chunk_size
        self._said: set[str] = set()

    def _create_training_data_loader(  # type: ignore[override]
        self,
        triples_factory: CoreTriplesFactory,
        *,
        sampler: str | None,
        batch_size: int,
        drop_last: bool,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> TripleBatches:
        if sampler is not None:
            raise ValueError(f"sampler={sampler!r} is not supported by the query-sampling loop; it must be None.")
        # num_workers and pin_memory have nothing to do: the triples are on the device
        triples = triples_factory._add_inverse_triples_if_necessary(triples_factory.mapped_triples)
        return TripleBatches(triples.to(self.device), batch_size=batch_size, shuffle=shuffle, drop_last=drop_last)

    @staticmethod
    def _get_batch_size(batch: Tensor) -> int:
        return len(batch)

    def _process_batch(
        self, batch: Tensor, start: int, stop: int, label_smoothing: float = 0.0, slice_size: int | None = None
    ) -> Tensor:
        triples = batch[start:stop].to(self.device)
        if isinstance(self.loss, HaLELoss):
            if label_smoothing:
                self.loss.refuse(label_smoothing)
            terms = self._sampled_terms(self.loss, triples, slice_size)
        else:
            terms = self._row_terms(triples, label_smoothing, slice_size)
        terms["regularization"] = self.model.collect_regularization_term()
        loss: Tensor = sum(terms.values())  # type: ignore[assignment]
        if not torch.isfinite(loss):
            self._raise_non_finite(terms)
        return loss

    def _sampled_terms(self, loss: HaLELoss, triples: Tensor, slice_size: int | None) -> dict[str, Tensor]:
        """Compute alignment over positives and uniformity over sampled queries."""
        interaction = getattr(self.model, "interaction", None)
        if isinstance(self.model, ERModel) and isinstance(interaction, QueryInteraction):
            positives, uniformity = self._stream(self.model, interaction, loss, triples)
        else:
            self._say(
                f"{type(self.model).__name__} is no query model: its scores of the sampled queries are stored for all "
                "entities, which costs time and memory."
            )
            positives = self.model.score_hrt(triples, mode=self.mode)
            rows = loss.sample_queries(len(triples), triples.device)
            scores = self.model.score_t(triples[rows, :2], slice_size=slice_size, mode=self.mode)
            uniformity = loss.uniformity(scores)
        if not self.model.use_inverse_triples:
            self._say_both_directions()
            rows = loss.sample_queries(len(triples), triples.device)
            scores = self.model.score_h(triples[rows, 1:], slice_size=slice_size, mode=self.mode)
            uniformity = 0.5 * (uniformity + loss.uniformity(scores))
        return {"alignment": loss.alignment(positives), "uniformity": uniformity}

    def _stream(
        self, model: ERModel[Any, Any, Any], interaction: QueryInteraction, loss: HaLELoss, triples: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Score the positives, and stream the sampled queries against all entities; each query is built once."""
        h, r, t = model._get_representations(h=triples[:, 0], r=triples[:, 1], t=triples[:, 2], mode=self.mode)
        query = interaction.encode_query(h, r)
        positives = interaction.compare(query, interaction.encode_target(t))
        rows = loss.sample_queries(len(triples), triples.device)
        sampled = Query(query.vector[rows], None if query.scale is None else query.scale[rows])
        representations = model._get_entity_representations_from_inductive_mode(mode=self.mode)
        entities = [_all_of(representations[i]) for i in interaction.tail_indices]
        target = interaction.encode_target(entities[0] if len(entities) == 1 else entities)
        streamed = interaction.logsumexp(sampled, target, activation=loss.activation, chunk_size=self.chunk_size)
        return positives, streamed.mean()

    def _row_terms(self, triples: Tensor, label_smoothing: float, slice_size: int | None) -> dict[str, Tensor]:
        """Hand the rows of scores of all queries to a loss that knows nothing of sampling."""
        self._say(
            f"{type(self.loss).__name__} has no query sampling: all queries of a batch are scored against all entities."
        )
        num_entities = self.model._get_entity_len(mode=self.mode)
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

    def _raise_non_finite(self, terms: Mapping[str, Tensor]) -> None:
        values = {name: torch.as_tensor(value).item() for name, value in terms.items()}
        # finite terms may have a sum that overflows
        bad = [name for name, value in values.items() if not math.isfinite(value)] or ["the sum"]
        raise NonFiniteLossError(
            f"The loss is not finite at step {self.num_steps + 1}: {' and '.join(bad)} "
            f"{'is' if len(bad) == 1 else 'are'} not ({values}). A smaller learning rate may help."
        )

    def _slice_size_search(self, **kwargs: Any) -> int:
        raise MemoryError(
            "The model cannot be trained on this hardware with these parameters; a smaller batch_size may help."
        )

    def _say_both_directions(self) -> None:
        self._say(
            "The dataset has no inverse triples: heads are predicted by scoring all heads, which is much slower than "
            "the tail prediction of reciprocal relations. dataset_kwargs=dict(create_inverse_triples=True) gives those."
        )

    def _say(self, message: str) -> None:
        """Log a message once."""
        if message not in self._said:
            self._said.add(message)
            logger.warning(message)


def _all_of(representation: Representation) -> Tensor:
    """Look up all entities, without regularising them: the regulariser is for the batch's own rows."""
    x = representation._plain_forward(indices=None)
    if representation.normalizer is not None:
        x = representation.normalizer(x)
    return x if representation.dropout is None else representation.dropout(x)
