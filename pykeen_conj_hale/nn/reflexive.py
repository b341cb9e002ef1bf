"""Models that know which relations connect an entity with itself."""

from __future__ import annotations

from typing import Any

import torch
from pykeen.models import ERModel, Model
from pykeen.triples import CoreTriplesFactory, KGInfo
from pykeen.typing import FloatTensor, LongTensor
from torch import Tensor

from ..checks import check_number
from ..defaults.graph import BLOCK_ROWS

__all__ = ["ReflexiveModel", "find_irreflexive", "irreflexive_of", "lowest_of", "set_at"]


class ReflexiveModel(ERModel[Any, Any, Any]):  # type: ignore[no-untyped-call]
    r"""A model whose predictions rank a query's own entity last where the relation is irreflexive.

    A head is often near its own query, in particular if entities are composed of words, which a head shares with its
    answers: then it is ranked first. But few relations connect an entity with itself. With a smallest share ρ > 0 of
    such triples,

    .. math::
        \mathrm{score}(e, r, e) = -\infty
        \quad\text{if}\quad
        \frac{|\{(e, r, e) \in T\}|}{|\{(h, r, t) \in T\}|} < \rho

    (a very low number; 0 where scores are predicted with a sigmoid) for the training triples T. All other scores stay.
    It is a rule of :meth:`predict_hrt`, :meth:`predict_h` and :meth:`predict_t`, and so of evaluation and
    :mod:`pykeen.predict`. Training does not see it, nor do ``score_*`` and the prediction of relations.
    """

    #: shape: ``(num_relations,)``, which relations are irreflexive; None if the rule is not asked for
    irreflexive: Tensor | None
    #: The smallest share ρ, 0 for no rule
    min_reflexive: float = 0.0

    def learn_reflexive(self, triples_factory: KGInfo, min_reflexive: float) -> None:
        """Find the irreflexive relations.

        :param triples_factory: the training triples
        :param min_reflexive: the smallest share ρ in [0, 1] of a relation's triples that connect an entity with itself
            for which an entity may be the answer to its own query; 0 for no rule
        :raises ValueError: if the share is out of its range, or there are no triples to learn from
        """
        self.min_reflexive = check_number("min_reflexive", min_reflexive, minimum=0, maximum=1)
        found = find_irreflexive(triples_factory, self.min_reflexive) if self.min_reflexive else None
        # not in the state: it is known from the training triples
        self.register_buffer("irreflexive", found, persistent=False)

    def predict_hrt(self, hrt_batch: LongTensor, **kwargs: Any) -> FloatTensor:
        """Predict the scores of triples; see :meth:`pykeen.models.Model.predict_hrt`.

        :param hrt_batch: shape: ``(batch_size, 3)``, the ids of the triples
        :param kwargs: further arguments
        :return: shape: ``(batch_size, 1)``
        """
        scores = super().predict_hrt(hrt_batch, **kwargs)
        return self._rank_last(scores, hrt_batch[:, :1], hrt_batch[:, 1], hrt_batch[:, 2:])

    def predict_h(self, rt_batch: LongTensor, *, heads: LongTensor | None = None, **kwargs: Any) -> FloatTensor:
        """Predict the scores of heads; see :meth:`pykeen.models.Model.predict_h`.

        :param rt_batch: shape: ``(batch_size, 2)``, the ids of relations and tails
        :param heads: shape: ``(num_heads,)`` or ``(batch_size, num_heads)``, the ids of heads; all by default
        :param kwargs: further arguments
        :return: shape: ``(batch_size, num_heads)``
        """
        scores = super().predict_h(rt_batch, heads=heads, **kwargs)
        return self._rank_last(scores, rt_batch[:, 1:], rt_batch[:, 0], heads)

    def predict_t(self, hr_batch: LongTensor, *, tails: LongTensor | None = None, **kwargs: Any) -> FloatTensor:
        """Predict the scores of tails; see :meth:`pykeen.models.Model.predict_t`.

        :param hr_batch: shape: ``(batch_size, 2)``, the ids of heads and relations
        :param tails: shape: ``(num_tails,)`` or ``(batch_size, num_tails)``, the ids of tails; all by default
        :param kwargs: further arguments
        :return: shape: ``(batch_size, num_tails)``
        """
        scores = super().predict_t(hr_batch, tails=tails, **kwargs)
        return self._rank_last(scores, hr_batch[:, :1], hr_batch[:, 1], tails)

    def _rank_last(self, scores: Tensor, own: Tensor, relations: Tensor, candidates: Tensor | None) -> Tensor:
        """Rank own entities last, of shape ``(batch_size, 1)``, where they are candidates; None for all entities."""
        irreflexive = irreflexive_of(self)
        if irreflexive is None:
            return scores
        own, affected = own.to(scores.device), irreflexive[relations.to(scores.device)].unsqueeze(dim=-1)
        lowest = 0.0 if self.predict_with_sigmoid else lowest_of(scores)
        if candidates is None:
            return set_at(scores, own, affected, lowest)
        return scores.masked_fill((candidates.to(scores.device) == own) & affected, lowest)


def irreflexive_of(model: Model) -> Tensor | None:
    """Tell which relations of a model are irreflexive.

    :param model: the model
    :return: shape: ``(num_relations,)``; None if it has no such rule
    """
    # a model that was pickled before there was the rule has not even the name
    return getattr(model, "irreflexive", None)


def find_irreflexive(triples_factory: KGInfo, min_reflexive: float) -> Tensor:
    """Find the relations that connect an entity with itself in less than a share of their triples.

    :param triples_factory: the triples
    :param min_reflexive: the share, > 0
    :return: shape: ``(num_relations,)``, without inverse relations; a relation without a triple is not among them
    :raises ValueError: if there are no triples
    """
    if not isinstance(triples_factory, CoreTriplesFactory):
        raise ValueError(
            f"triples_factory={triples_factory!r} is not allowed with min_reflexive={min_reflexive!r}: it has no "
            "triples. Give a CoreTriplesFactory, or min_reflexive=0."
        )
    size = triples_factory.real_num_relations
    num_triples, num_reflexive = torch.zeros(2, size, dtype=torch.long)
    # block by block, as a graph may be larger than the memory
    for block in triples_factory.mapped_triples.split(BLOCK_ROWS):  # type: ignore[no-untyped-call]
        heads, relations, tails = block.unbind(dim=-1)
        num_triples += relations.bincount(minlength=size)
        num_reflexive += relations[heads == tails].bincount(minlength=size)
    found: Tensor = num_reflexive < min_reflexive * num_triples
    return found


def lowest_of(scores: Tensor) -> float:
    """Give a number below all scores, which is finite: what is infinite stands for a fault.

    :param scores: the scores
    :return: the number
    """
    # the sum of a batch of it does not overflow
    return max(torch.finfo(scores.dtype).min, -1e30)


def set_at(scores: Tensor, places: Tensor, affected: Tensor, value: float) -> Tensor:
    """Set one score per row.

    :param scores: shape: ``(n, m)``, which need not be kept: they are changed in place where no gradient forbids it
    :param places: shape: ``(n, 1)``, the column of the score; where there is no such column, nothing is set
    :param affected: shape: ``(n, 1)``, which rows are concerned
    :param value: the value
    :return: shape: ``(n, m)``
    """
    last = scores.shape[1] - 1
    affected = affected & (places >= 0) & (places <= last)
    places = places.clamp(min=0, max=last)
    values = scores.gather(1, places).masked_fill(affected, value)
    # a copy takes as long as a good part of the scoring; what is expanded cannot be changed
    if scores.requires_grad or not scores.is_contiguous():
        return scores.scatter(1, places, values)
    return scores.scatter_(1, places, values)
