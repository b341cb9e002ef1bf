"""Scores of heads, for which each relation has its own queries."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from .query import QueryInteraction, Target, parts_of, unpack

__all__ = ["score_heads"]


def score_heads(interaction: QueryInteraction, h: Any, r: Any, t: Any, relations: Tensor) -> Tensor:
    r"""Compute the scores of all heads for queries (?, r, t): :math:`c_r \Psi(\Phi(h, r), t) + b_t + b'_h`.

    The vectors :math:`\Phi(h, r)` of n heads are built once per distinct relation, and compared with the tails of its
    rows by one matrix product. So memory is that of the scores, and of n vectors.

    :param interaction: the interaction
    :param h: the representation(s) of heads, shape: ``(n, *dims)``
    :param r: the representation(s) of the rows' relations, shape: ``(m, *dims)``, alike for rows of one relation
    :param t: the representation(s) of the rows' tails, shape: ``(m, *dims)``
    :param relations: shape: ``(m,)``, m ≥ 1, the ids of the rows' relations
    :return: shape: ``(m, n)``
    """
    parts, target = parts_of(r), interaction.encode_target(t)
    order = relations.argsort(stable=True)
    _, counts = torch.unique_consecutive(relations[order], return_counts=True)
    blocks = []
    for rows in torch.split(order, counts.tolist()):
        query = interaction.encode_query(h, unpack([x[rows[:1]] for x in parts]))
        bias = None if target.bias is None else target.bias[rows].unsqueeze(dim=1)
        blocks.append(
            interaction.compare(
                query.map(lambda x: x.unsqueeze(dim=0)), Target(target.vector[rows].unsqueeze(dim=1), bias)
            )
        )
    # each row back in its place
    return torch.cat(blocks)[order.argsort()]
