"""A loss that names its own terms, and what a batch of queries offers to it.

To add a loss: subclass :class:`QueryLoss` in a module of this folder, write :meth:`QueryLoss.query_terms` and
``extra_repr``, and import the class in ``losses/__init__.py``. A worked example is in docs/your_own_loss.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NamedTuple, Protocol

import torch
from pykeen.losses import Loss, Reduction
from torch import Tensor

from ..streaming.activations import HardnessActivation

__all__ = ["DirectionScores", "QueryBatch", "QueryLoss", "Term", "sample_rows"]


class Term(NamedTuple):
    r"""A summand of the loss of a global batch, and the rows that it is a mean of, or a sum over.

    Several processes may share the rows of a global batch. Each computes the value from its own rows, and the term
    tells how much the value counts: with :math:`n_p` of n rows in process p of W, the average over the processes of
    :math:`\frac{W n_p}{n}` times their means is the mean over all rows, and that of W times their sums is the sum. What
    depends on no row counts as a mean over the triples.
    """

    #: A scalar
    value: Tensor
    #: The number n of rows, which are the first ones of the global batch
    num_rows: int
    #: How the value reduces its rows: ``"mean"`` or ``"sum"``
    reduction: Reduction = "mean"


class DirectionScores(NamedTuple):
    """The scores of all queries of a batch in one direction of prediction."""

    #: What is predicted, ``"tail"`` or ``"head"``
    name: str
    #: shape: ``(num_queries, num_entities)``
    scores: Tensor
    #: shape: ``(num_queries,)``, the ids of the entities that answer the queries
    positive: Tensor


class QueryBatch(Protocol):
    """What a batch of triples (h, r, t), each with its query (h, r, ?), offers to a loss.

    A process that shares the batch with others computes everything from its own rows. Nothing is computed before it is
    asked for, and the positives' scores at most once.
    """

    @property
    def num_triples(self) -> int:
        """The number of triples of the global batch."""

    @property
    def num_entities(self) -> int:
        """The number n of all entities."""

    @property
    def label_smoothing(self) -> float:
        """The label smoothing that was asked for; 0 for a loss that does not support it."""

    def positive_scores(self) -> Tensor:
        """Score the triples.

        :return: shape: ``(num_own_triples,)``
        """

    def logsumexp(
        self, num: int, activation: HardnessActivation | None = None, num_candidates: int | None = None
    ) -> Tensor:
        r"""Compute :math:`\log\sum_e \exp(-h(-\mathrm{score}))` over all entities e for a sample of the queries.

        Of S candidates e', drawn uniformly with replacement and shared by all queries of the batch, it is estimated as
        :math:`\log\frac{n}{S} + \log\sum_{e'} \exp(-h(-\mathrm{score}))`.

        Query models stream it: no score is stored. Ask for it before the positives' scores. Then the look-ups of both
        may have sparse gradients, as the gradient of the stream is dense. That saves time, and changes no value but in
        its rounding. The result must be part of the loss then: alone, sparse gradients are refused by most optimizers.

        :param num: the number of sampled queries of the global batch, ≥ 1
        :param activation: the activation h, the identity by default
        :param num_candidates: the number S of candidates, ≥ 1; None for all entities, each of them once
        :return: shape: ``(num_directions, num_own_queries)``; the tails' direction, and without inverse triples also
            the heads', which has a sample of its own
        """

    def all_scores(self) -> Iterator[DirectionScores]:
        """Score all queries against all entities, one direction after the other.

        :return: the tails' direction, and without inverse triples also the heads'
        """

    def entities(self) -> Tensor:
        """Look up the vectors of all entities; of several representations the first.

        :return: shape: ``(num_entities, d)``, real; of complex vectors the real view
        """


class QueryLoss(Loss, ABC):
    """A loss for the query-sampling loops, which asks a batch for what it needs."""

    #: Adam's learning rate for 1,024 triples per batch, best by validation; None where nothing was tuned
    learning_rate: ClassVar[float | None] = None
    #: Whether the loss can smooth labels
    supports_label_smoothing: ClassVar[bool] = False
    #: Whether the loss makes sense where a scale per relation is trained, too
    supports_relation_scale: ClassVar[bool] = True

    def __init__(self, reduction: Reduction = "mean") -> None:
        """Initialize the loss.

        :param reduction: must be ``"mean"``
        :raises ValueError: if it is not
        """
        if reduction != "mean":
            raise ValueError(f"reduction={reduction!r} is not allowed: the terms are means, so it must be 'mean'.")
        super().__init__(reduction=reduction)

    @abstractmethod
    def query_terms(self, batch: QueryBatch) -> Mapping[str, Term]:
        """Compute the terms of the loss.

        :param batch: the batch
        :return: the terms by name; the loss is their sum
        """

    def num_candidates(self, num_entities: int) -> int | None:
        """Count the entities that queries are compared with, if they are a sample.

        :param num_entities: the number n of all entities
        :return: their number S ≥ 1; None, unless a subclass says otherwise, where the loss may look at all entities
        """
        return None

    def process_slcwa_scores(self, *args: Any, **kwargs: Any) -> Tensor:
        """Refuse the scores of PyKEEN's loops, unless a subclass has a meaning for them.

        :param args: ignored
        :param kwargs: ignored
        :raises ValueError: always
        """
        name = type(self).__name__.removesuffix("Loss")
        raise ValueError(f'loss="{name}" needs more than scores: training_loop="QuerySampling" has what it needs.')

    process_lcwa_scores = process_slcwa_scores


def sample_rows(num: int, num_rows: int, device: torch.device) -> Tensor:
    """Draw rows without replacement from the global random state.

    :param num: the number of rows to draw; all of them, in order, if there are no more
    :param num_rows: the number of rows to draw from
    :param device: the device of the result
    :return: shape: ``(min(num, num_rows),)``, the indices of the rows
    """
    if num >= num_rows:
        return torch.arange(num_rows, device=device)
    return torch.randperm(num_rows, device=device)[:num]
