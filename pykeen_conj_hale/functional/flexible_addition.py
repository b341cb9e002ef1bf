r"""Flexible addition: what RotL keeps of the Möbius addition of hyperbolic space, at the price of a Euclidean one.

See https://arxiv.org/abs/2103.14930 (Wang et al., 2021).
"""

from __future__ import annotations

import torch
from torch import Tensor

from .similarity import inner_product

__all__ = ["MIN_DENOMINATOR", "flexible_addition"]

#: The modulus below which the denominator is not let. Sums get at most 1,000 times as long as their terms then: far
#: from what single precision can hold, even squared.
MIN_DENOMINATOR = 1e-3


def flexible_addition(x: Tensor, y: Tensor, alpha: Tensor) -> Tensor:
    r"""Flexible addition of vectors.

    .. math::
        x \oplus_\alpha y = \frac{\alpha (x + y)}{1 + \langle x, y\rangle}

    Where the denominator comes closer to 0 than :data:`MIN_DENOMINATOR` (vectors shorter than 0.99 are too short for
    that), it keeps its sign, takes this modulus (0 counts as positive), and has no gradient.

    :param x: shape: ``(*batch_dims, d)``, real
    :param y: shape: ``(*batch_dims, d)``, real; the batch dimensions broadcast
    :param alpha: shape: ``batch_dims``, the factor α
    :return: shape: ``(*batch_dims, d)``
    """
    denominator = 1.0 + inner_product(x, y)
    bound = torch.full_like(denominator, MIN_DENOMINATOR).copysign(denominator.detach())
    denominator = torch.where(denominator.abs() < MIN_DENOMINATOR, bound, denominator)
    return (alpha / denominator).unsqueeze(dim=-1) * (x + y)
