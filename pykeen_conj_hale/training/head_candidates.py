r"""Head prediction against candidates: the queries (?, r, t) of a batch, which have a transform per head and relation.

A tail is compared with one query vector per row. A head changes the vector itself: :math:`\Phi(h, r)` for all S
candidates h. It depends on the relation and not on the row, so that it is built once per distinct relation. The rows
are then put into blocks of one relation each, and a block is compared with its S vectors by one matrix product.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor

from ..nn.query import Query, QueryInteraction, Target
from ..streaming.activations import HardnessActivation
from ..streaming.logsumexp import stored_logsumexp

__all__ = ["blocks_of_groups", "heads_logsumexp"]

#: Rows per block. Small: of each relation the last block is filled up with rows that are not needed
BLOCK_SIZE: Final = 16


def heads_logsumexp(
    interaction: QueryInteraction,
    query: Query,
    relation_of: Tensor,
    target: Target,
    activation: HardnessActivation | None = None,
) -> Tensor:
    r"""Compute :math:`\log\sum_h \exp(-h(-\mathrm{score}(h, r_i, t_i)))` over candidate heads h, for rows i.

    :param interaction: the interaction
    :param query: the queries of all R relations with all S candidates, batch shape ``(R, S)``; scales and
        curvatures ``(R, 1)``
    :param relation_of: shape: ``(m,)``, which of the R relations a row has
    :param target: the tails of the rows, batch shape ``(m,)``
    :param activation: the activation, the identity by default
    :return: shape: ``(m,)``
    """
    relations, rows, place = blocks_of_groups(relation_of, BLOCK_SIZE)
    scores = interaction.compare(
        query.map(lambda x: x[relations].unsqueeze(dim=1)),
        Target(
            target.vector[rows].unsqueeze(dim=2), None if target.bias is None else target.bias[rows].unsqueeze(dim=2)
        ),
    )
    return stored_logsumexp(scores.flatten(end_dim=1)[place], activation)


def blocks_of_groups(group: Tensor, size: int) -> tuple[Tensor, Tensor, Tensor]:
    """Put the members of groups into blocks of a fixed size, of one group each.

    :param group: shape: ``(m,)``, the group of each row, from 0
    :param size: the size of a block
    :return: shape: ``(num_blocks,)``, the group of each block; shape: ``(num_blocks, size)``, the rows in it, filled up
        with the first row; shape: ``(m,)``, where each row is in the flat blocks
    """
    counts = group.bincount()
    num_blocks = (counts + size - 1) // size
    order = group.argsort(stable=True)
    # a row's number within its group, and the first place of its group
    within = torch.arange(len(group), device=group.device) - (counts.cumsum(dim=0) - counts)[group[order]]
    start = (num_blocks.cumsum(dim=0) - num_blocks) * size
    place = torch.empty_like(order)
    place[order] = start[group[order]] + within
    groups = torch.arange(len(counts), device=group.device).repeat_interleave(num_blocks)
    rows = torch.zeros(len(groups) * size, dtype=torch.long, device=group.device)
    rows[place] = torch.arange(len(group), device=group.device)
    return groups, rows.view(-1, size), place
