"""Moduli of complex numbers whose gradients are finite everywhere."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["inverse_modulus", "squared_modulus"]


def squared_modulus(x: Tensor) -> Tensor:
    r"""Compute :math:`|x|^2`, element by element.

    From the parts and not from :func:`torch.abs`, whose gradient is NaN for complex subnormal numbers.

    :param x: any shape, complex or real
    :return: the shape of x, real
    """
    return torch.view_as_real(x.resolve_conj()).square().sum(dim=-1) if x.is_complex() else x.square()


def inverse_modulus(x: Tensor) -> Tensor:
    r"""Compute :math:`1 / \max(|x|, \varepsilon)`, element by element, ε the machine epsilon of x.

    :param x: any shape, complex or real
    :return: the shape of x, real; its gradient is 0 where :math:`|x| < \varepsilon`
    """
    return squared_modulus(x).clamp_min(torch.finfo(x.dtype).eps ** 2).rsqrt()
