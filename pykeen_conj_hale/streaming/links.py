r"""Links: increasing maps ψ of the squared distance u, for similarities which are a function of it.

With them, :math:`-\psi(\|q - t\|^2)` has the fast path of the squared distance. To add one: subclass :class:`Link`
here, and :class:`~pykeen_conj_hale.nn.similarity.Similarity`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod

import torch
from torch import Tensor

__all__ = ["ExponentialLink", "Link"]


class Link(ABC):
    """An elementwise, increasing map ψ of the squared distance u, with ψ(0) = 0."""

    @abstractmethod
    def __call__(self, u: Tensor) -> Tensor:
        """Evaluate ψ, elementwise and differentiably.

        :param u: any shape, real; rounding may have made what should be 0 slightly negative
        :return: the shape of u
        """

    @abstractmethod
    def derivative(self, u: Tensor) -> Tensor:
        """Evaluate ψ', elementwise.

        :param u: any shape, real; rounding may have made what should be 0 slightly negative
        :return: the shape of u
        """


class ExponentialLink(Link):
    r"""The link of RotL's similarity (Wang et al., 2021).

    .. math::
        \psi(u) = \varphi(\sqrt u), \qquad \varphi(x) = x e^x

    Two things are changed where they would not be finite:

    - The root has an infinite derivative at 0. For u < ε², the rounding error of the number type (distances below
      ε = 3e-4 in single precision), it is :math:`\frac{u}{2\varepsilon} (3 - u / \varepsilon^2)`, which is 0 at 0 and
      continues the root with its derivative. At 0 itself, and where rounding leads below 0, it has no gradient.
    - From x = 32 on, φ goes on as :math:`x e^{32}`, before it overflows.
    """

    #: The exponent at which the exponential function stops
    max_exponent: float = 32.0

    def __call__(self, u: Tensor) -> Tensor:
        """Evaluate ψ; see :meth:`Link.__call__`."""
        square = torch.finfo(u.dtype).eps
        # each branch of `where` only sees what has a finite value and derivative
        near = u.clamp(max=square).relu()
        near = (0.5 / math.sqrt(square)) * near * (3.0 - near / square)
        x = torch.where(u < square, near, u.clamp(min=square).sqrt())
        return x * x.clamp(max=self.max_exponent).exp()

    def derivative(self, u: Tensor) -> Tensor:
        """Evaluate ψ'; see :meth:`Link.derivative`."""
        square = torch.finfo(u.dtype).eps
        root = u.clamp(min=square).sqrt_()
        # below ε, φ' is 1 to the precision of the root
        slope = torch.where(root < self.max_exponent, 1.0 + root, 1.0).mul_(root.clamp(max=self.max_exponent).exp_())
        near = (1.5 - u / square).div_(math.sqrt(square)).masked_fill_(u <= 0, 0.0)
        return slope.mul_(torch.where(u < square, near, 0.5 / root))
