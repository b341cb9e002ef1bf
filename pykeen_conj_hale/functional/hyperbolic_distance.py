r"""Squared hyperbolic distances of many queries and many entities, from inner products and norms only.

Queries q and entities t are tangent vectors at the origin; each query brings its own c. With :math:`a = \sqrt c\,\|q\|`
and :math:`s = \sqrt c\,\|t\|`

.. math::
    d_c(\exp_0^c q, \exp_0^c t)^2 = \frac{4}{c}\,\mathrm{arsinh}^2 \sqrt\delta, \qquad
    \delta = \frac{c\,\|x - y\|^2}{(1 - c \|x\|^2)(1 - c \|y\|^2)}
    = \kappa + (1 + 2 \kappa)\, S(w) + p\, K(w)

for the points x and y, where :math:`\kappa = \sinh^2 a` and :math:`u = -2 c K(c \|q\|^2)\, q` are of the query,
:math:`p = \langle u, t\rangle` is a matrix product, and of :math:`w = s^2 = c\,\|t\|^2` there are

.. math::
    S(w) = \sinh^2 s, \qquad K(w) = \frac{\sinh 2s}{2s} = S'(w), \qquad K'(w) = \frac{1 + 2S - K}{2w} .

So no (queries, entities, d) tensor is built. In δ the distance has no singularity:
:math:`\mathrm{arsinh}^2\sqrt\delta` is smooth at 0, where q = t, and the factors have no pole at the border of the
ball. From a radius s on that depends on the number type (14.7 in single precision) entities count as if they were at
it. As c → 0, the limit is :math:`4 \|q - t\|^2`.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from .similarity import inner_product

__all__ = ["hyperbolic_squared_distance", "pair_distance", "pair_slopes", "query_factors"]


def query_factors(q: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    r"""Compute what the distances need of the queries.

    :param q: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin
    :param c: shape: ``batch_dims``, positive, minus the curvature
    :return: u, shape: ``(*batch_dims, d)``; and κ, shape: ``batch_dims``
    """
    kappa, ratio = _sines(c * q.square().sum(dim=-1))
    return (-2.0 * c * ratio).unsqueeze(dim=-1) * q, kappa


def pair_distance(p: Tensor, kappa: Tensor, w: Tensor) -> Tensor:
    r"""Compute :math:`\mathrm{arsinh}^2\sqrt\delta`, element by element.

    :param p: any shape, :math:`\langle u, t\rangle`
    :param kappa: κ of the query; all shapes broadcast
    :param w: :math:`c\,\|t\|^2`
    :return: the broadcast shape, ≥ 0
    """
    return _root(_delta(p, kappa, *_sines(w))).square()


def pair_slopes(p: Tensor, kappa: Tensor, w: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    r"""Compute the derivatives of :func:`pair_distance`.

    :param p: any shape, :math:`\langle u, t\rangle`
    :param kappa: κ of the query; all shapes broadcast
    :param w: :math:`c\,\|t\|^2`
    :return: the derivatives by p, κ and w, of the broadcast shape
    """
    square, ratio = _sines(w)
    delta = _delta(p, kappa, square, ratio)
    # of arsinh²√δ by δ; it is 1 at 0, where p leaves nothing but rounding
    outer = _root(delta) / (delta * (1.0 + delta)).sqrt()
    eps, end = torch.finfo(w.dtype).eps ** 2, _largest_radius(w) ** 2
    grown = 1.0 + 2.0 * square
    grows = ((w > eps) & (w < end)).to(w.dtype)
    # S' is K up to the largest radius; K itself goes on as a constant, divided by s
    slope = (1.0 + 2.0 * kappa) * ratio * grows
    slope = slope + p * (grown * (w < end) - ratio) / (2.0 * w.clamp_min(eps)) * (w > eps)
    return outer * ratio, outer * grown, outer * slope


def hyperbolic_squared_distance(q: Tensor, t: Tensor, c: Tensor) -> Tensor:
    r"""Squared distance :math:`d_c(\exp_0^c q, \exp_0^c t)^2 \ge 0` over the last dimension.

    Where batch dimensions broadcast, it is a matrix product and passes over its result, differentiable once; its
    rounding error is that of κ + (1 + 2κ) S. Otherwise it is exact where q and t are close.

    :param q: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin
    :param t: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin. The batch dimensions broadcast.
    :param c: shape: the batch dimensions of q, positive, minus the curvature
    :return: shape: ``batch_dims``
    """
    if q.shape == t.shape:
        return 4.0 / c * _root(_close_delta(q, t, c)).square()
    u, kappa = query_factors(q, c)
    psi: Tensor = _PairDistance.apply(inner_product(u, t), kappa, c, t.square().sum(dim=-1))  # type: ignore[no-untyped-call]
    return 4.0 / c * psi


class _PairDistance(torch.autograd.Function):
    """:func:`pair_distance`, which keeps the products only, and computes everything else anew for the gradient."""

    @staticmethod
    def forward(ctx: Any, p: Tensor, kappa: Tensor, c: Tensor, t_square: Tensor) -> Tensor:
        """Compute the values."""
        ctx.save_for_backward(p, kappa, c, t_square)
        return pair_distance(p, kappa, c * t_square)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, ...]:
        """Send the gradient on to the product, and sums of it to queries and entities."""
        p, kappa, c, t_square = ctx.saved_tensors
        of_p, of_kappa, of_w = (grad_output * slope for slope in pair_slopes(p, kappa, c * t_square))
        return (
            of_p,
            of_kappa.sum_to_size(kappa.shape),
            (of_w * t_square).sum_to_size(c.shape),
            (of_w * c).sum_to_size(t_square.shape),
        )


def _largest_radius(w: Tensor) -> float:
    """Choose the radius up to which sines and their products do not overflow."""
    return math.log(torch.finfo(w.dtype).max) / 6.0


def _radii(w: Tensor) -> tuple[Tensor, Tensor]:
    """Compute s, at least the machine epsilon, and s where it is not too large."""
    s = w.clamp_min(torch.finfo(w.dtype).eps ** 2).sqrt()
    return s, s.clamp_max(_largest_radius(w))


def _sines(w: Tensor) -> tuple[Tensor, Tensor]:
    """Compute S(w) and K(w)."""
    s, end = _radii(w)
    sinh = end.sinh()
    square = sinh.square()
    return square, sinh * (1.0 + square).sqrt() / s


def _delta(p: Tensor, kappa: Tensor, square: Tensor, ratio: Tensor) -> Tensor:
    """Compute δ; what rounding leaves below 0 counts as the smallest number."""
    delta = torch.addcmul(kappa, 1.0 + 2.0 * kappa, square).addcmul(p, ratio)
    return delta.clamp_min(torch.finfo(p.dtype).tiny)


def _close_delta(q: Tensor, t: Tensor, c: Tensor) -> Tensor:
    r"""Compute δ without cancellation: :math:`c\,\|\cosh s\,(\sinh a / a)\,q - \cosh a\,(\sinh s / s)\,t\|^2`."""
    (a, a_end), (s, s_end) = (_radii(c * x.square().sum(dim=-1)) for x in (q, t))
    of_q, of_t = s_end.cosh() * a_end.sinh() / a, a_end.cosh() * s_end.sinh() / s
    difference = of_q.unsqueeze(dim=-1) * q - of_t.unsqueeze(dim=-1) * t
    return (c * difference.square().sum(dim=-1)).clamp_min(torch.finfo(q.dtype).tiny)


def _root(delta: Tensor) -> Tensor:
    r"""Compute :math:`\mathrm{arsinh}\sqrt\delta` by a logarithm: PyTorch's own takes 30 times as long on a CPU."""
    root = delta.sqrt()
    return torch.log1p(root + delta / (1.0 + (1.0 + delta).sqrt()))
