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
from torch import Tensor

from ..nn import NonFiniteScoreError
from .known_answers import KnownBatch

__all__ = ["rank"]


def rank(scores: Tensor, true: Tensor, known: KnownBatch) -> Ranks:
    """Rank the true answers of a batch of queries.

    :param scores: shape: ``(batch_size, num_entities)``
    :param true: shape: ``(batch_size,)``, the ids of the true answers
    :param known: the known answers, the true ones among them, if the ranks are filtered
    :return: the ranks
    :raises NonFiniteScoreError: if a score is NaN
    """
    true_score = scores.gather(dim=1, index=true.unsqueeze(dim=-1))
    # one pass instead of a mask; infinite scores may be meant, and their sum may be NaN as well
    if scores.sum().isnan() and scores.isnan().any():
        raise NonFiniteScoreError("The model predicts NaN, which cannot be ranked. A smaller learning rate may help.")
    num_known = torch.zeros_like(true).index_add_(0, known.rows, torch.ones_like(known.rows))
    known_score, threshold = scores[known.rows, known.answers], true_score[known.rows, 0]
    optimistic = _count(torch.gt, scores, true_score)
    optimistic.index_add_(0, known.rows, (known_score > threshold).long(), alpha=-1).add_(1)
    pessimistic = _count(torch.ge, scores, true_score)
    pessimistic.index_add_(0, known.rows, (known_score >= threshold).long(), alpha=-1)
    # with filtering, the true answer has been taken out as well
    taken_out = num_known.clamp(max=1)
    return Ranks(
        optimistic=optimistic,
        pessimistic=pessimistic.add_(taken_out),
        realistic=(optimistic + pessimistic).float() * 0.5,
        number_of_options=scores.shape[1] - num_known + taken_out,
    )


def _count(compare: Any, scores: Tensor, threshold: Tensor) -> Tensor:
    """Count the scores of each row which compare with its threshold."""
    total = torch.zeros_like(threshold[:, 0], dtype=torch.long)
    # written as numbers, whose sums are quicker than those of booleans; so few are counted exactly in single precision
    for part in scores.split(2**22, dim=1):  # type: ignore[no-untyped-call]
        total += compare(part, threshold, out=torch.empty_like(part, dtype=torch.float32)).sum(dim=1).long()
    return total
