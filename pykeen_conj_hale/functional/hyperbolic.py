r"""The Poincaré ball of curvature -c: the points x with :math:`\sqrt c\,\|x\| < 1`.

Vectors are written as tangent vectors v at the origin, where no constraint holds, and mapped into the ball where an
operation needs a point:

.. math::
    \exp_0^c(v) = \tanh(\sqrt c\,\|v\|) \frac{v}{\sqrt c\,\|v\|}, \qquad
    \log_0^c(x) = \mathrm{artanh}(\sqrt c\,\|x\|) \frac{x}{\sqrt c\,\|x\|}

Points are kept away from the border as the authors of RotH do: :math:`\sqrt c\,\|x\| \le 1 - \varepsilon` with ε =
0.004 in single and 1e-5 in double precision. There a map has no gradient along the radius. All maps are the identity
at 0, and in the limit c → 0.

See https://arxiv.org/abs/2005.00545 (Chami et al., 2020), equations 3 and 4.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from .similarity import inner_product

__all__ = ["exponential_map", "logarithmic_map", "moebius_addition", "positive_curvature"]

#: How far points stay from the border, by the numbers' type, in units of the ball's radius
_MARGIN = {torch.float64: 1e-5}
_MARGIN_SINGLE = 4e-3


def positive_curvature(raw: Tensor) -> Tensor:
    r"""Compute the curvature :math:`c = \mathrm{softplus}(\cdot)`, at least the machine epsilon.

    :param raw: any shape, real
    :return: the shape of raw, positive
    """
    return functional.softplus(raw).clamp_min(torch.finfo(raw.dtype).eps)


def _radius(x: Tensor, c: Tensor) -> Tensor:
    r"""Compute :math:`\sqrt c\,\|x\|`, at least the machine epsilon, where its gradient is 0."""
    eps = torch.finfo(x.dtype).eps
    return (c * x.square().sum(dim=-1)).clamp_min(eps * eps).sqrt()


def _largest_radius(x: Tensor) -> float:
    return 1.0 - _MARGIN.get(x.dtype, _MARGIN_SINGLE)


def exponential_map(v: Tensor, c: Tensor) -> Tensor:
    r"""Map tangent vectors at the origin into the ball.

    :param v: shape: ``(*batch_dims, d)``, real
    :param c: shape: ``batch_dims``, positive, minus the curvature
    :return: shape: ``(*batch_dims, d)``
    """
    radius = _radius(v, c)
    return (radius.tanh().clamp_max(_largest_radius(v)) / radius).unsqueeze(dim=-1) * v


def logarithmic_map(x: Tensor, c: Tensor) -> Tensor:
    r"""Map points to tangent vectors at the origin; the inverse of :func:`exponential_map`.

    :param x: shape: ``(*batch_dims, d)``, real; points of the ball
    :param c: shape: ``batch_dims``, positive, minus the curvature
    :return: shape: ``(*batch_dims, d)``
    """
    radius = _radius(x, c)
    return (radius.clamp_max(_largest_radius(x)).atanh() / radius).unsqueeze(dim=-1) * x


def moebius_addition(x: Tensor, y: Tensor, c: Tensor) -> Tensor:
    r"""Möbius addition of points of the ball.

    .. math::
        x \oplus_c y = \frac{(1 + 2c \langle x, y\rangle + c \|y\|^2)\, x + (1 - c \|x\|^2)\, y}
        {1 + 2c \langle x, y\rangle + c^2 \|x\|^2 \|y\|^2}

    The denominator is at least :math:`(1 - c\,\|x\|\|y\|)^2 > 0`.

    :param x: shape: ``(*batch_dims, d)``, real
    :param y: shape: ``(*batch_dims, d)``, real; the batch dimensions broadcast
    :param c: shape: ``batch_dims``, positive, minus the curvature
    :return: shape: ``(*batch_dims, d)``
    """
    twice = 2.0 * c * inner_product(x, y)
    x_square, y_square = c * x.square().sum(dim=-1), c * y.square().sum(dim=-1)
    denominator = 1.0 + twice + x_square * y_square
    of_x, of_y = (1.0 + twice + y_square) / denominator, (1.0 - x_square) / denominator
    return of_x.unsqueeze(dim=-1) * x + of_y.unsqueeze(dim=-1) * y
