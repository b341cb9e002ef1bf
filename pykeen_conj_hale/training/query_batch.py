"""A batch of triples as a loss sees it, for any model of PyKEEN: scores against all entities are stored."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, Protocol

import torch
from pykeen.models import ERModel, Model
from pykeen.typing import InductiveMode
from torch import Tensor

from ..losses.query_loss import DirectionScores, sample_rows
from ..messages import OncePerTraining
from ..pykeen_internals import all_rows, count_entities, entity_representations
from ..regularizers import FactorRegularizer
from ..streaming.activations import HardnessActivation
from ..streaming.logsumexp import stored_logsumexp
from .composed_once import composed_once, composes_rows

__all__ = ["Rows", "Scoring", "StoredBatch", "WholeBatch"]


@dataclass(frozen=True)
class Scoring:
    """How all batches of a training are scored."""

    model: Model
    #: The inductive mode, None for transductive training
    mode: InductiveMode | None
    #: The number of entities per chunk of the streamed scores, None to choose it from the device
    chunk_size: int | None
    #: Whether the passes over the streamed scores are compiled
    compile: bool
    #: Where warnings are said once
    once: OncePerTraining

    @cached_property
    def composes_rows(self) -> bool:
        """Whether entities are composed of something; asked once, as it looks at all parts of the model."""
        return composes_rows(self.model)

    @cached_property
    def factor_regularizers(self) -> Sequence[FactorRegularizer]:
        """The regularizers that count the factors of a batch's triples."""
        return [module for module in self.model.modules() if isinstance(module, FactorRegularizer)]


class Rows(Protocol):
    """The rows of a global batch that are scored here, and those of them that are a sample."""

    @property
    def triples(self) -> Tensor:
        """The triples, of shape ``(num_own_triples, 3)``; one at least."""

    @property
    def num_triples(self) -> int:
        """The number of triples of the global batch."""

    def sample(self, num: int) -> Tensor | slice:
        """Choose the sampled ones of these rows.

        :param num: the number of sampled rows of the global batch
        :return: the indices of those that are here
        """

    def candidates(self, num: int, num_entities: int) -> Tensor:
        """Draw entities uniformly, with replacement: the same ones wherever the global batch is scored.

        :param num: the number of candidates
        :param num_entities: the number of all entities
        :return: shape: ``(num,)``, their ids
        """


class WholeBatch(NamedTuple):
    """All rows of a batch, which one process scores alone; each sample is drawn from the global random state."""

    #: shape: ``(num_triples, 3)``
    triples: Tensor

    @property
    def num_triples(self) -> int:
        """The number of triples."""
        return len(self.triples)

    def sample(self, num: int) -> Tensor:
        """Draw rows; see :meth:`Rows.sample`."""
        return sample_rows(num, len(self.triples), self.triples.device)

    def candidates(self, num: int, num_entities: int) -> Tensor:
        """Draw entities from the global random state; see :meth:`Rows.candidates`."""
        return torch.randint(num_entities, (num,), device=self.triples.device)


class StoredBatch:
    """A :class:`~pykeen_conj_hale.losses.QueryBatch` of any model of PyKEEN, at the speed of its own 1-to-N scoring.

    The order of random numbers does not depend on what a loss asks for first: dropout of the positives, the sample of
    queries, that of candidates, dropout of the entities. Only models that compose entities draw candidates first.

    :param scoring: how it is scored
    :param rows: the rows that are scored here
    :param label_smoothing: the label smoothing that was asked for
    :param slice_size: the number of entities per slice of the stored scores; all of them by default
    """

    def __init__(
        self, scoring: Scoring, rows: Rows, *, label_smoothing: float = 0.0, slice_size: int | None = None
    ) -> None:
        self.scoring, self.rows = scoring, rows
        self.label_smoothing, self.slice_size = label_smoothing, slice_size

    @property
    def num_triples(self) -> int:
        """The number of triples of the global batch."""
        return self.rows.num_triples

    @property
    def num_entities(self) -> int:
        """The number of all entities."""
        return count_entities(self.scoring.model, self.scoring.mode)

    def positive_scores(self) -> Tensor:
        """Score the triples; see :meth:`QueryBatch.positive_scores`."""
        return self._positives

    def logsumexp(
        self, num: int, activation: HardnessActivation | None = None, num_candidates: int | None = None
    ) -> Tensor:
        """Compute the log-sum-exp of a sample of queries; see :meth:`QueryBatch.logsumexp`."""
        if not self.scoring.composes_rows:
            return self._logsumexp(num, activation, num_candidates)
        # drawn first, so that all entities of the step are composed at once
        candidates = None if num_candidates is None else self.rows.candidates(num_candidates, self.num_entities)
        ids = None if candidates is None else torch.cat([self.rows.triples[:, [0, 2]].flatten(), candidates])
        with composed_once(self.scoring.model, ids):
            return self._logsumexp(num, activation, num_candidates, candidates)

    def _logsumexp(
        self, num: int, activation: HardnessActivation | None, num_candidates: int | None, drawn: Tensor | None = None
    ) -> Tensor:
        """Compute the log-sum-exp, with candidates that are drawn already or here."""
        self._score_before_samples()
        rows, candidates, log_weight = self.rows.sample(num), drawn, 0.0
        if num_candidates is not None:
            if candidates is None:
                candidates = self.rows.candidates(num_candidates, self.num_entities)
            log_weight = math.log(self.num_entities / num_candidates)
        directions = [self._tail_logsumexp(rows, activation, candidates)]
        if not self.scoring.model.use_inverse_triples:
            directions.append(self._head_logsumexp(self.rows.sample(num), activation, candidates))
        return torch.stack(directions) + log_weight if log_weight else torch.stack(directions)

    def _score_before_samples(self) -> None:
        """Score the triples, whose random numbers are drawn before the samples'."""
        self.positive_scores()

    def all_scores(self) -> Iterator[DirectionScores]:
        """Score all queries; see :meth:`QueryBatch.all_scores`."""
        triples = self.rows.triples
        yield DirectionScores("tail", self._tail_scores(slice(None)), triples[:, 2])
        if not self.scoring.model.use_inverse_triples:
            yield DirectionScores("head", self._head_scores(slice(None)), triples[:, 0])

    def entities(self) -> Tensor:
        """Look up all entities; see :meth:`QueryBatch.entities`.

        :return: shape: ``(num_entities, d)``, real
        :raises ValueError: if the model has no entity representations
        """
        model = self.scoring.model
        if not isinstance(model, ERModel):
            raise ValueError(f"model={type(model).__name__} has no entity representations; an ERModel has them.")
        entities = all_rows(entity_representations(model, self.scoring.mode)[0])
        real = torch.view_as_real(entities) if entities.is_complex() else entities
        return real.flatten(start_dim=1)

    @cached_property
    def _positives(self) -> Tensor:
        return self.scoring.model.score_hrt(self.rows.triples, mode=self.scoring.mode).squeeze(dim=-1)

    def _tail_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        if candidates is None:
            self.scoring.once.warning(
                "%s is no query model: its scores of the sampled queries are stored for all entities, which costs time "
                "and memory.",
                type(self.scoring.model).__name__,
            )
        with _not_regularized(self.scoring.factor_regularizers):
            return stored_logsumexp(self._tail_scores(rows, candidates), activation)

    def _head_logsumexp(
        self, rows: Tensor | slice, activation: HardnessActivation | None, candidates: Tensor | None
    ) -> Tensor:
        with _not_regularized(self.scoring.factor_regularizers):
            return stored_logsumexp(self._head_scores(rows, candidates), activation)

    def _tail_scores(self, rows: Tensor | slice, candidates: Tensor | None = None) -> Tensor:
        pairs, model = self.rows.triples[rows, :2], self.scoring.model
        return model.score_t(pairs, slice_size=self.slice_size, mode=self.scoring.mode, tails=candidates)

    def _head_scores(self, rows: Tensor | slice, candidates: Tensor | None = None) -> Tensor:
        if candidates is None:
            self.scoring.once.warning(
                "The dataset has no inverse triples: heads are predicted by scoring all heads, which is much slower "
                "than the tail prediction of reciprocal relations. dataset_kwargs=dict(create_inverse_triples=True) "
                "gives those; HaLE and AllNeg can score a sample of heads (loss_kwargs=dict(candidates=0.02))."
            )
        pairs, model = self.rows.triples[rows, 1:], self.scoring.model
        return model.score_h(pairs, slice_size=self.slice_size, mode=self.scoring.mode, heads=candidates)


@contextmanager
def _not_regularized(regularizers: Sequence[FactorRegularizer]) -> Iterator[None]:
    """Let N3 and DURA count no look-up: they have counted the triples', of which a sample is looked up once more.

    PyKEEN's own regularizers go on counting each look-up, as everywhere in PyKEEN.
    """
    counting = [regularizer for regularizer in regularizers if regularizer.training]
    for regularizer in counting:
        regularizer.training = False
    try:
        yield
    finally:
        for regularizer in counting:
            regularizer.training = True
