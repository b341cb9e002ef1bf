r"""Conjugate parameter sharing (Feng et al., 2022): half of a relation is the conjugate of its other half."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["conjugate_shared_product"]


def conjugate_shared_product(h: Tensor, r: Tensor) -> Tensor:
    r"""Product of a head with a conjugate-shared relation, element by element.

    .. math::
        h \odot [r', \overline{r'}] = [h_1 \odot r', h_2 \odot \overline{r'}]
        \quad\text{with } h = [h_1, h_2] \in \mathbb{C}^d,\ r' \in \mathbb{C}^{d/2}

    The full relation is never built.

    :param h: shape: ``(*batch_dims, d)``, complex, d even
    :param r: shape: ``(*batch_dims, d/2)``, complex; the batch dimensions broadcast
    :return: shape: ``(*batch_dims, d)``, complex
    :raises ValueError: if the last dimension of ``h`` is not twice that of ``r``
    """
    if h.shape[-1] != 2 * r.shape[-1]:
        raise ValueError(
            f"h has {h.shape[-1]} dimensions and r {r.shape[-1]}: a conjugate-shared relation has half as many "
            "dimensions as the entities, whose number of dimensions must be even."
        )
    first, second = h.chunk(2, dim=-1)
    return torch.cat([first * r, second * r.conj()], dim=-1)
