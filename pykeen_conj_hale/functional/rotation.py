r"""Givens rotations: each pair of dimensions (2i, 2i+1) of a vector is turned by its own angle.

.. math::
    \mathrm{Givens}(r)\, x = \bigoplus_i \frac{1}{\sqrt{c_i^2 + s_i^2}}
    \begin{pmatrix} c_i & -s_i \\ s_i & c_i \end{pmatrix} \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix},
    \qquad (c_i, s_i) = (r_{2i}, r_{2i+1})

The same is the product of a complex vector with numbers of modulus 1. A reflection has :math:`(c_i, s_i)` and
:math:`(s_i, -c_i)` as rows instead. The parameters of both are not constrained: they are normalised where they are
used.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["from_pairs", "givens_reflection", "givens_rotation", "pairs", "unit", "unit_modulus"]


def pairs(x: Tensor) -> tuple[Tensor, Tensor]:
    """Split a vector into the first and the second numbers of its pairs.

    :param x: shape: ``(*batch_dims, d)``, d even
    :return: two views, shape: ``(*batch_dims, d/2)``
    :raises ValueError: if d is odd
    """
    if x.shape[-1] % 2:
        raise ValueError(f"x has {x.shape[-1]} dimensions: pairs need an even number of them.")
    return x[..., 0::2], x[..., 1::2]


def from_pairs(first: Tensor, second: Tensor) -> Tensor:
    """Put pairs together again: the inverse of :func:`pairs`.

    :param first: shape: ``(*batch_dims, d/2)``
    :param second: shape: ``(*batch_dims, d/2)``
    :return: shape: ``(*batch_dims, d)``
    """
    return torch.stack([first, second], dim=-1).flatten(start_dim=-2)


def unit(c: Tensor, s: Tensor) -> tuple[Tensor, Tensor]:
    r"""Normalise pairs to cosine and sine, :math:`(c, s) / \sqrt{c^2 + s^2}`.

    A pair so short that its square underflows (about 1e-19 in single precision) counts as zero: it becomes the
    identity, (1, 0), with a gradient of 0. So the result always is a rotation, and its gradients are finite.

    :param c: any shape, real
    :param s: the shape of c, real
    :return: cosine and sine, in the shape of c
    """
    short = math.sqrt(torch.finfo(c.dtype).tiny)
    zero = (c.abs() < short) & (s.abs() < short)
    # replaced before the norm, whose derivative at 0 is NaN
    c, s = c.masked_fill(zero, 1.0), s.masked_fill(zero, 0.0)
    # neither this nor its derivative over- or underflows, as those of the root of the sum of squares do
    norm = torch.hypot(c, s)
    return c / norm, s / norm


def unit_modulus(z: Tensor) -> Tensor:
    r"""Normalise complex numbers to modulus 1, :math:`z / |z|`, and 0 to 1; see :func:`unit`.

    :param z: any shape, complex
    :return: the shape of z
    """
    return torch.complex(*unit(z.real, z.imag))


def givens_rotation(x: Tensor, r: Tensor) -> Tensor:
    """Rotate the pairs of x by those of r; it keeps the norm of every pair.

    :param x: shape: ``(*batch_dims, d)``, real, d even
    :param r: shape: ``(*batch_dims, d)``, real; the rotation's parameters, normalised here. The batch dimensions
        broadcast.
    :return: shape: ``(*batch_dims, d)``
    :raises ValueError: if d is odd
    """
    (c, s), (first, second) = unit(*pairs(r)), pairs(x)
    return from_pairs(c * first - s * second, s * first + c * second)


def givens_reflection(x: Tensor, r: Tensor) -> Tensor:
    r"""Reflect the pairs of x by those of r; it keeps the norm of every pair, and is its own inverse.

    .. math::
        \mathrm{Ref}(r)\, x = \bigoplus_i \frac{1}{\sqrt{c_i^2 + s_i^2}}
        \begin{pmatrix} c_i & s_i \\ s_i & -c_i \end{pmatrix} \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}

    See https://arxiv.org/abs/2005.00545 (Chami et al., 2020), equation 5.

    :param x: shape: ``(*batch_dims, d)``, real, d even
    :param r: shape: ``(*batch_dims, d)``, real; the reflection's parameters, normalised here. The batch dimensions
        broadcast.
    :return: shape: ``(*batch_dims, d)``
    :raises ValueError: if d is odd
    """
    (c, s), (first, second) = unit(*pairs(r)), pairs(x)
    return from_pairs(c * first + s * second, s * first - c * second)
