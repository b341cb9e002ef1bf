r"""Möbius maps of complex vectors, element by element: :math:`h \mapsto (a h + b) / (c h + d)`.

The paper of 5*E writes this map (*exact* below); its authors' code, from which the published figures come, has another
normalisation (*published*). With n = ah + b and m = ch + d the two are

.. math::
    \text{exact: } \frac{n}{m} = \frac{n \bar m}{|m|^2}, \qquad
    \text{published: } \frac{\bar n m}{|m|} = |m| \cdot \overline{(n / m)}

Where m = 0 both are undefined. Here :math:`|m|` is replaced by :math:`\max(|m|, \varepsilon)`, ε the machine epsilon of
the numbers (1.2e-7 for complex64): both maps are then 0 at m = 0, continuous, and have finite gradients everywhere.

See https://arxiv.org/abs/2006.04986 (Nayyeri et al., 2021).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from torch import Tensor

from .modulus import inverse_modulus

__all__ = ["CONJUGATE_VARIANTS", "MOEBIUS_MAPS", "exact_moebius_map", "published_moebius_map"]

#: The numbers a, b, c, d of Möbius maps
Coefficients: TypeAlias = tuple[Tensor, Tensor, Tensor, Tensor]


def exact_moebius_map(h: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    r"""Evaluate the exact map :math:`(a h + b) / (c h + d)`; 0 where c h + d = 0.

    The result grows without bound around that pole: up to the modulus of a h + b over ε.

    :param h: shape: ``(*batch_dims, n)``, complex (or real)
    :param a: shape: ``(*batch_dims, n)``; the batch dimensions broadcast, as those of b, c and d
    :param b: shape: ``(*batch_dims, n)``
    :param c: shape: ``(*batch_dims, n)``
    :param d: shape: ``(*batch_dims, n)``
    :return: shape: ``(*batch_dims, n)``
    """
    m = c * h + d
    inverse = inverse_modulus(m)
    return (a * h + b) * (m * inverse).conj() * inverse


def published_moebius_map(h: Tensor, a: Tensor, b: Tensor, c: Tensor, d: Tensor) -> Tensor:
    r"""Evaluate the published map :math:`\overline{(a h + b)} (c h + d) / |c h + d|`; 0 where c h + d = 0.

    Only the phase of the denominator counts: the result has the modulus :math:`|a h + b|`.

    :param h: shape: ``(*batch_dims, n)``, complex (or real)
    :param a: shape: ``(*batch_dims, n)``; the batch dimensions broadcast, as those of b, c and d
    :param b: shape: ``(*batch_dims, n)``
    :param c: shape: ``(*batch_dims, n)``
    :param d: shape: ``(*batch_dims, n)``
    :return: shape: ``(*batch_dims, n)``
    """
    m = c * h + d
    return (a * h + b).conj() * (m * inverse_modulus(m))


#: The Möbius maps by the name of their normalisation
MOEBIUS_MAPS: Mapping[str, Callable[[Tensor, Tensor, Tensor, Tensor, Tensor], Tensor]] = {
    "published": published_moebius_map,
    "exact": exact_moebius_map,
}

#: Conjugate parameter sharing (Feng, 2022), by name: all four numbers a, b, c, d from two of them. *horizontal* is
#: given a and c, the others a and b.
CONJUGATE_VARIANTS: Mapping[str, Callable[[Tensor, Tensor], Coefficients]] = {
    "conjugate": lambda a, b: (a, b, b.conj(), a.conj()),
    "negative": lambda a, b: (a, b, -b.conj(), a.conj()),
    "horizontal": lambda a, c: (a, a.conj(), c, c.conj()),
    "vertical": lambda a, b: (a, b, a.conj(), b.conj()),
}
