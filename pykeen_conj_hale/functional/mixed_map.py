"""Linear maps that are mixtures of few matrices."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["mixed_map"]


def mixed_map(x: Tensor, mixture: Tensor, matrices: Tensor, further: Tensor | None = None) -> Tensor:
    r"""Map vectors by mixtures of matrices: :math:`x \sum_k m_k W_k`.

    With the outer products :math:`m \otimes x` it is one matrix product, of :math:`K d e` multiplications per vector.
    On a CPU, where many rows have the same mixture, as those of one relation have, each mixed matrix is made once: that
    leaves :math:`d e` multiplications per vector. (Elsewhere the number of mixtures would have to be waited for.) The
    gradient of such a mixture is shared by its rows evenly, which is that of the relation if no other one has the same.

    :param x: shape: ``(*batch_dims, d)``
    :param mixture: shape: ``(*batch_dims, K)``; the batch dimensions broadcast
    :param matrices: shape: ``(K, d, e)``
    :param further: shape: ``(*batch_dims, f)``, what else tells relations apart, as where all begin with one mixture
    :return: shape: ``(*batch_dims, e)``
    """
    if x.device.type == "cpu" and x.ndim == 2 and mixture.shape[:-1] == x.shape[:-1]:
        known = mixture if further is None else torch.cat([mixture, further], dim=-1)
        distinct, group = torch.unique(known.detach(), dim=0, return_inverse=True)
        if 2 * len(distinct) < len(x):
            return _map_groups(x, mixture, matrices, group, len(distinct))
    outer = mixture.unsqueeze(dim=-1) * x.unsqueeze(dim=-2)
    return outer.flatten(start_dim=-2) @ matrices.flatten(end_dim=1)


def _map_groups(x: Tensor, mixture: Tensor, matrices: Tensor, group: Tensor, num_groups: int) -> Tensor:
    """Map the rows of each group by the matrix of its mixture.

    :param x: shape: ``(n, d)``
    :param mixture: shape: ``(n, K)``, the same within a group
    :param matrices: shape: ``(K, d, e)``
    :param group: shape: ``(n,)``, the group of each row
    :param num_groups: the number of groups, none of them empty
    :return: shape: ``(n, e)``
    """
    sizes = group.bincount(minlength=num_groups)
    order = group.argsort(stable=True)
    # the mean of equal rows is the row, and its gradient reaches all of them
    mean = mixture.new_zeros(num_groups, mixture.shape[1]).index_add(0, group, mixture) / sizes.unsqueeze(dim=-1)
    mixed = (mean @ matrices.flatten(start_dim=1)).view(num_groups, *matrices.shape[1:])
    parts = [rows @ matrix for rows, matrix in zip(torch.split(x[order], sizes.tolist()), mixed, strict=True)]
    return torch.cat(parts)[order.argsort()]
