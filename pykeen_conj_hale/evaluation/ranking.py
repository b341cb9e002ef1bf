r"""Filtered ranks of true answers among scores.

With :math:`K` the known answers of a query but the true one, the optimistic rank is

.. math::
    \mathrm{rank} = 1 + |\{e : s_e > s_t\}| - |\{e \in K : s_e > s_t\}|

The pessimistic rank has :math:`\ge` in the place of :math:`>`.
"""

from __future__ import annotations

from typing import Any

import torch
from pykeen.evaluation.ranks import Ranks
from torch import Tensor, distributed

from ..nn import NonFiniteScoreError
from ..sharding.shards import Shards
from .known_answers import KnownBatch
from .sharded import OwnScores

__all__ = ["check_no_nan", "rank", "rank_own"]

_NAN = "The model predicts NaN, which cannot be ranked. A smaller learning rate may help."


def rank(scores: Tensor, true: Tensor, known: KnownBatch) -> Ranks:
    """Rank the true answers of a batch of queries.

    :param scores: shape: ``(batch_size, num_entities)``
    :param true: shape: ``(batch_size,)``, the ids of the true answers
    :param known: the known answers, the true ones among them, if the ranks are filtered
    :return: the ranks
    :raises NonFiniteScoreError: if a score is NaN
    """
    true_score = scores.gather(dim=1, index=true.unsqueeze(dim=-1))
    check_no_nan(scores)
    known_score, threshold = scores[known.rows, known.answers], true_score[known.rows, 0]
    better, as_good = _count_better(scores, true_score, known.rows, known_score, threshold)
    return _ranks(better, as_good, _count_known(true, known), scores.shape[1])


def rank_own(own: OwnScores, true: Tensor, known: KnownBatch, num_entities: int, shards: Shards) -> Ranks:
    """Rank the true answers of a batch of queries whose scores several processes share, in all of them alike.

    :param own: the scores against own entities
    :param true: shape: ``(batch_size,)``, the ids of the true answers
    :param known: the known answers, as for :func:`rank`
    :param num_entities: the number of all entities
    :param shards: the processes
    :return: the ranks among all entities
    :raises NonFiniteScoreError: if a score of any process is NaN
    """
    true_score, is_own = own.at(torch.arange(len(true), device=true.device), true)
    true_score = torch.where(is_own, true_score, 0.0).unsqueeze(dim=-1)
    distributed.all_reduce(true_score, group=shards.group)
    known_score, is_own = own.at(known.rows, known.answers)
    rows = known.rows[is_own]
    better, as_good = _count_better(own.scores, true_score, rows, known_score[is_own], true_score[rows, 0])
    counts = torch.stack([better, as_good, torch.full_like(better, int(_has_nan(own.scores)))])
    distributed.all_reduce(counts, group=shards.group)
    if counts[2].any():
        raise NonFiniteScoreError(_NAN)
    return _ranks(counts[0], counts[1], _count_known(true, known), num_entities)


def check_no_nan(scores: Tensor) -> None:
    """Check that scores can be ranked.

    :param scores: the scores
    :raises NonFiniteScoreError: if one is NaN
    """
    if _has_nan(scores):
        raise NonFiniteScoreError(_NAN)


def _has_nan(scores: Tensor) -> bool:
    # one pass instead of a mask; infinite scores may be meant, and their sum may be NaN as well
    return bool(scores.sum().isnan() and scores.isnan().any())


def _count_known(true: Tensor, known: KnownBatch) -> Tensor:
    return torch.zeros_like(true).index_add_(0, known.rows, torch.ones_like(known.rows))


def _count_better(
    scores: Tensor, true_score: Tensor, rows: Tensor, known_score: Tensor, threshold: Tensor
) -> tuple[Tensor, Tensor]:
    """Count scores that are better, and at least as good as the true ones, without those of known answers."""
    better = _count(torch.gt, scores, true_score)
    better.index_add_(0, rows, (known_score > threshold).long(), alpha=-1)
    as_good = _count(torch.ge, scores, true_score)
    as_good.index_add_(0, rows, (known_score >= threshold).long(), alpha=-1)
    return better, as_good


def _ranks(better: Tensor, as_good: Tensor, num_known: Tensor, num_entities: int) -> Ranks:
    # with filtering, the true answer has been taken out as well
    taken_out = num_known.clamp(max=1)
    optimistic, pessimistic = better + 1, as_good + taken_out
    return Ranks(
        optimistic=optimistic,
        pessimistic=pessimistic,
        realistic=(optimistic + pessimistic).float() * 0.5,
        number_of_options=num_entities - num_known + taken_out,
    )


def _count(compare: Any, scores: Tensor, threshold: Tensor) -> Tensor:
    """Count the scores of each row which compare with its threshold."""
    total = torch.zeros_like(threshold[:, 0], dtype=torch.long)
    # written as numbers, whose sums are quicker than those of booleans; so few are counted exactly in single precision
    for part in scores.split(2**22, dim=1):  # type: ignore[no-untyped-call]
        total += compare(part, threshold, out=torch.empty_like(part, dtype=torch.float32)).sum(dim=1).long()
    return total
