r"""Squared hyperbolic distances of many queries and many entities, from inner products and norms only.

Queries q and entities t are tangent vectors at the origin; each query brings its own c. With
:math:`\alpha = 2 \sqrt c\,\|q\|` and :math:`\sigma = 2 \sqrt c\,\|t\|`, the hyperbolic law of cosines is

.. math::
    d_c(\exp_0^c q, \exp_0^c t)^2 = \frac{\psi}{c}, \qquad \psi = \mathrm{arcosh}^2(1 + \eta), \qquad
    \eta = \frac{2 c\,\|x - y\|^2}{(1 - c \|x\|^2)(1 - c \|y\|^2)}
    = \kappa + \frac{1 + \kappa}{2}\, C(\sigma) + p\, R(\sigma)

for the points x and y, where :math:`\kappa = \cosh \alpha - 1` and :math:`u = -2 c\,\tfrac{\sinh \alpha}{\alpha}\, q`
are of the query, :math:`p = \langle u, t\rangle` is a matrix product, and one exponential,
:math:`e = \exp(\sigma) - 1`, gives

.. math::
    C(\sigma) = 2 (\cosh \sigma - 1) = e g, \qquad R(\sigma) = \frac{2 \sinh \sigma}{\sigma} = \frac{e + g}{\sigma},
    \qquad g = \frac{e}{1 + e}, \qquad C' = \sigma R, \qquad \sigma R' = C + 2 - R .

So no (queries, entities, d) tensor is built. In η the distance has no singularity:
:math:`\mathrm{arcosh}^2(1 + \eta)` is smooth at 0, where q = t, and the factors have no pole at the border of the
ball. From a :math:`\sigma` on that depends on the number type (29.6 in single precision) entities count as if they were
at it. As c → 0, the limit is :math:`4 \|q - t\|^2`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

import torch
from torch import Tensor

from .similarity import inner_product

__all__ = ["Slopes", "hyperbolic_squared_distance", "norms", "pair_distance", "pair_slopes", "query_factors"]

#: Values that are computed at once on a CPU: what is made on the way then stays in the second-level cache
_SLICE_VALUES: Final = 2**16


class Slopes(NamedTuple):
    """ψ and its derivatives, each of the shape that all arguments broadcast to."""

    psi: Tensor
    of_p: Tensor
    of_kappa: Tensor
    #: by log σ
    of_log_sigma: Tensor


def query_factors(q: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    r"""Compute what the distances need of the queries.

    :param q: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin
    :param c: shape: ``batch_dims``, positive, minus the curvature
    :return: u, shape: ``(*batch_dims, d)``; and κ, shape: ``batch_dims``
    """
    alpha = _twice_radius(q, c)
    end = alpha.clamp_max(_largest(alpha))
    return (-2.0 * c * end.sinh() / alpha).unsqueeze(dim=-1) * q, 2.0 * (0.5 * end).sinh().square()


def norms(squares: Tensor) -> Tensor:
    r"""Compute :math:`\|t\|`, at least a number so small that R is 2 and C is nothing, and by which one can divide.

    :param squares: any shape, :math:`\|t\|^2`
    :return: the shape of squares
    """
    return squares.clamp_min(torch.finfo(squares.dtype).tiny ** 0.5).sqrt_()


def pair_distance(p: Tensor, kappa: Tensor, rate: Tensor, norm: Tensor) -> Tensor:
    r"""Compute ψ, element by element.

    :param p: any shape, :math:`\langle u, t\rangle`
    :param kappa: κ of the query; all shapes broadcast
    :param rate: :math:`2 \sqrt c` of the query
    :param norm: :math:`\|t\|`, by :func:`norms`
    :return: the broadcast shape, ≥ 0
    """
    _, cosine, ratio = _sines(rate, norm)
    return _arcosh(_eta(p, kappa, cosine, ratio))[0].square_()


def pair_slopes(p: Tensor, kappa: Tensor, rate: Tensor, norm: Tensor) -> Slopes:
    r"""Compute ψ and its derivatives, element by element.

    :param p: any shape, :math:`\langle u, t\rangle`
    :param kappa: κ of the query; all shapes broadcast
    :param rate: :math:`2 \sqrt c` of the query
    :param norm: :math:`\|t\|`, by :func:`norms`
    :return: the value and the derivatives
    """
    sigma, cosine, ratio = _sines(rate, norm)
    length, root = _arcosh(_eta(p, kappa, cosine, ratio))
    # of arcosh²(1 + η) by η; it is 2 at 0, where p leaves nothing but rounding
    outer = torch.div(length, root, out=root).mul_(2.0)
    # 1 below the largest σ, 0 from it on, where C and 2 sinh σ are constants; a comparison takes ten times as long
    grows = (_largest(sigma) - sigma).mul_(1.0 / torch.finfo(sigma.dtype).eps).clamp_(0.0, 1.0)
    # κ or p may have the larger shape
    of_log_sigma = sigma.square_().mul_(ratio) * (0.5 * (1.0 + kappa))
    of_log_sigma = torch.addcmul(of_log_sigma, cosine + 2.0, p).mul_(grows)
    of_log_sigma.addcmul_(p, ratio, value=-1.0).mul_(outer)
    return Slopes(length.square_(), ratio * outer, cosine.mul_(0.5).add_(1.0) * outer, of_log_sigma)


def hyperbolic_squared_distance(q: Tensor, t: Tensor, c: Tensor) -> Tensor:
    r"""Squared distance :math:`d_c(\exp_0^c q, \exp_0^c t)^2 \ge 0` over the last dimension.

    Where batch dimensions broadcast, it is a matrix product and passes over its result, differentiable once; its
    rounding error is that of κ + (1 + κ) C / 2. Otherwise it is exact where q and t are close.

    :param q: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin
    :param t: shape: ``(*batch_dims, d)``, real; tangent vectors at the origin. The batch dimensions broadcast.
    :param c: shape: the batch dimensions of q, positive, minus the curvature
    :return: shape: ``batch_dims``
    """
    if q.shape == t.shape:
        return _arcosh(_close_eta(q, t, c))[0].square() / c
    u, kappa = query_factors(q, c)
    psi: Tensor = _PairDistance.apply(inner_product(u, t), kappa, c, t.square().sum(dim=-1))  # type: ignore[no-untyped-call]
    return psi / c if psi.requires_grad else psi.div_(c)


class _PairDistance(torch.autograd.Function):
    """:func:`pair_distance`, which keeps the products only, and computes everything else anew for the gradient."""

    @staticmethod
    def forward(ctx: Any, p: Tensor, kappa: Tensor, c: Tensor, t_square: Tensor) -> Tensor:
        """Compute the values."""
        ctx.save_for_backward(p, kappa, c, t_square)
        psi = torch.empty_like(p)
        for part, *arguments in _slices(psi, p, kappa, 2.0 * c.sqrt(), norms(t_square)):
            part.copy_(pair_distance(*arguments))
        return psi

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, ...]:
        """Send the gradient on to the product, and sums of it to queries and entities."""
        p, kappa, c, t_square = ctx.saved_tensors
        norm = norms(t_square)
        of_p, of_kappa, of_log_sigma = (torch.empty_like(p) for _ in range(3))
        for a, b, d, grad, *arguments in _slices(
            of_p, of_kappa, of_log_sigma, grad_output, p, kappa, 2.0 * c.sqrt(), norm
        ):
            slopes = pair_slopes(*arguments)
            for part, slope in zip((a, b, d), slopes[1:], strict=True):
                torch.mul(grad, slope, out=part)
        return (
            of_p,
            of_kappa.sum_to_size(kappa.shape),
            of_log_sigma.sum_to_size(c.shape).div(2.0 * c),
            of_log_sigma.sum_to_size(t_square.shape).div(2.0 * norm.square()),
        )


def _slices(*tensors: Tensor) -> Iterator[list[Tensor]]:
    """Cut tensors that broadcast to the shape of the first one into parts along the last dimension."""
    first = tensors[0]
    width = first.shape[-1]
    size = width if first.device.type != "cpu" else max(64, _SLICE_VALUES * width // max(1, first.numel()))
    for start in range(0, width, max(1, size)):
        part = slice(start, start + size)
        yield [x[..., part] if x.ndim and x.shape[-1] == width > 1 else x for x in tensors]


def _largest(sigma: Tensor) -> float:
    """Choose the σ up to which sines and their products do not overflow."""
    return math.log(torch.finfo(sigma.dtype).max) / 3.0


def _twice_radius(x: Tensor, c: Tensor) -> Tensor:
    """Compute 2 √c ‖x‖, at least a number whose square is there; there its gradient is 0."""
    return 2.0 * (c * x.square().sum(dim=-1)).clamp_min(torch.finfo(x.dtype).tiny).sqrt()


def _sines(rate: Tensor, norm: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Compute σ, C(σ) and R(σ), whose relative errors are small everywhere."""
    sigma = rate * norm
    grown = sigma.clamp_max(_largest(sigma)).expm1_()
    shrunk = grown + 1.0
    torch.div(grown, shrunk, out=shrunk)
    ratio = (grown + shrunk).div_(sigma)
    return sigma, grown.mul_(shrunk), ratio


def _eta(p: Tensor, kappa: Tensor, cosine: Tensor, ratio: Tensor) -> Tensor:
    """Compute η; what rounding leaves below 0 counts as the smallest number."""
    eta = (cosine * (0.5 * (1.0 + kappa))).add_(kappa).addcmul_(p, ratio)
    return eta.clamp_min_(torch.finfo(p.dtype).tiny)


def _close_eta(q: Tensor, t: Tensor, c: Tensor) -> Tensor:
    r"""Compute η without cancellation.

    .. math::
        \eta = 2 c\,\|\cosh(\sigma/2)\, \tfrac{\sinh(\alpha/2)}{\alpha/2}\, q
        - \cosh(\alpha/2)\, \tfrac{\sinh(\sigma/2)}{\sigma/2}\, t\|^2
    """
    a, s = (0.5 * _twice_radius(x, c) for x in (q, t))
    a_end, s_end = (x.clamp_max(0.5 * _largest(x)) for x in (a, s))
    of_q, of_t = s_end.cosh() * a_end.sinh() / a, a_end.cosh() * s_end.sinh() / s
    difference = of_q.unsqueeze(dim=-1) * q - of_t.unsqueeze(dim=-1) * t
    return (2.0 * c * difference.square().sum(dim=-1)).clamp_min(torch.finfo(q.dtype).tiny)


def _arcosh(eta: Tensor) -> tuple[Tensor, Tensor]:
    r"""Compute :math:`\mathrm{arcosh}(1 + \eta)`, and :math:`\sqrt{\eta (\eta + 2)}`, the inverse of its derivative."""
    root = eta.sqrt() * (eta + 2.0).sqrt_()
    return (eta + root).log1p(), root
