r"""Hardness-aware activations of HaLE: growing maps of a distance-like x, flat where training has nothing to gain.

They are those of Wang et al. (2022), https://arxiv.org/abs/2201.00565. To add one: subclass
:class:`HardnessActivation` here, with its map k and the derivative of k, and list it in :data:`activation_resolver`.
Losses and the streaming kernel then take it by name.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from class_resolver import ClassResolver
from torch import Tensor

from .activation_base import HardnessActivation

__all__ = ["Artanh", "Double", "Exponential", "Halin", "Hanon", "HardnessActivation", "Identity", "activation_resolver"]


@dataclass(frozen=True)
class Hanon(HardnessActivation):
    r"""The smooth hardness-aware activation (Hanon).

    .. math::
        h(x) = \frac{1}{1/\gamma + \exp(-\beta (x - 1/2))} = \gamma\, \sigma(\beta (x - 1/2) - \ln\gamma), \qquad
        h'(x) = \beta h (1 - h / \gamma)

    It is evaluated in the second form: the first overflows to NaN for negative x.

    :param gamma: the upper bound of h, > 0
    :param beta: the steepness, > 0
    """

    gamma: float = 5.0
    beta: float = 3.0

    @property
    def bound(self) -> float:
        """The bound γ."""
        return self.gamma

    @property
    def height(self) -> float:
        """The factor of σ, γ."""
        return self.gamma

    @property
    def slope(self) -> float:
        """The steepness β."""
        return self.beta

    @property
    def shift(self) -> float:
        """The place of the step, -β/2 - ln γ."""
        return -(0.5 * self.beta + math.log(self.gamma))

    def unit(self, y: Tensor) -> Tensor:
        """Evaluate σ; see :meth:`HardnessActivation.unit`."""
        return y.sigmoid()

    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate σ' = σ (1 - σ); see :meth:`HardnessActivation.unit_derivative`."""
        return torch.addcmul(value, value, value, value=-1.0)


@dataclass(frozen=True)
class Halin(HardnessActivation):
    r"""The piecewise linear hardness-aware activation (Halin).

    .. math::
        h(x) = 2x \text{ for } x < 1, \qquad h(x) = \min(\beta (x - 1) + 2, \gamma) \text{ for } x \ge 1

    The derivative is 2, β or 0; at the two kinks it is that of the right-hand side.

    :param gamma: the upper bound of h for x ≥ 1, > 0
    :param beta: the slope beyond 1, > 0
    """

    gamma: float = 5.0
    beta: float = 10.0

    def unit(self, y: Tensor) -> Tensor:
        """Evaluate h itself; see :meth:`HardnessActivation.unit`."""
        return torch.where(y < 1, 2.0 * y, (self.beta * (y - 1.0) + 2.0).clamp(max=self.gamma))

    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate h' itself; see :meth:`HardnessActivation.unit_derivative`."""
        steep = torch.where(value < self.gamma, self.beta, 0.0)
        return torch.where(y < 1, 2.0, steep).to(y.dtype)


@dataclass(frozen=True)
class Identity(HardnessActivation):
    """No activation: h(x) = x, h'(x) = 1."""

    synonyms: ClassVar[set[str]] = {"none"}

    def unit(self, y: Tensor) -> Tensor:
        """Evaluate h itself; see :meth:`HardnessActivation.unit`."""
        return y

    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate h' itself; see :meth:`HardnessActivation.unit_derivative`."""
        return torch.ones_like(y)


@dataclass(frozen=True)
class Double(Identity):
    """Twice the distance: h(x) = 2x, as hyperbolic distances are near 0."""

    synonyms: ClassVar[set[str]] = {"2x"}

    @property
    def height(self) -> float:
        """The factor 2."""
        return 2.0


@dataclass(frozen=True)
class Exponential(HardnessActivation):
    r"""The activation of RotL (Wang et al., 2021).

    .. math::
        h(x) = x e^x, \qquad h'(x) = (1 + x) e^x \qquad \text{for } -1 \le x \le 30

    It is constant outside, as it falls below -1, and would overflow in float32, also when it is squared, far above.
    """

    synonyms: ClassVar[set[str]] = {"xexp"}

    def unit(self, y: Tensor) -> Tensor:
        """Evaluate h itself; see :meth:`HardnessActivation.unit`."""
        y = y.clamp(-1.0, 30.0)
        return y * y.exp()

    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate h' itself; see :meth:`HardnessActivation.unit_derivative`."""
        z = y.clamp(-1.0, 30.0)
        return torch.where(y <= 30.0, z.exp() + value, 0.0)


@dataclass(frozen=True)
class Artanh(HardnessActivation):
    r"""The distance in the hyperbolic space of curvature -1, from the Euclidean distance to the centre of its ball.

    .. math::
        h(x) = 2 \operatorname{artanh}(x), \qquad h'(x) = \frac{2}{1 - x^2} \qquad \text{for } |x| \le 1 - \varepsilon

    It is constant outside: no point of the ball is at a distance of 1 or more. ε is 1e-5, where h is 12.2, or what half
    precision has between 1 and the number before it, if that is more.
    """

    synonyms: ClassVar[set[str]] = {"2artanh"}

    _LIMIT: ClassVar[float] = 1.0 - 1e-5

    @property
    def bound(self) -> float:
        """The value at 1 - ε, with room for its rounding in float32."""
        return self.height * math.atanh(self._LIMIT) * 1.001

    @property
    def height(self) -> float:
        """The factor 2."""
        return 2.0

    def unit(self, y: Tensor) -> Tensor:
        """Evaluate artanh; see :meth:`HardnessActivation.unit`."""
        limit = self._limit(y.dtype)
        return y.clamp(-limit, limit).atanh()

    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate artanh'; see :meth:`HardnessActivation.unit_derivative`."""
        return torch.where(y.abs() <= self._limit(y.dtype), 1.0 / (1.0 - y.square()), 0.0)

    def _limit(self, dtype: torch.dtype) -> float:
        return min(self._LIMIT, 1.0 - torch.finfo(dtype).eps / 2)


#: The registry of activations: names, which are those of the classes and their synonyms, and classes
activation_resolver: ClassResolver[HardnessActivation] = ClassResolver(
    [Hanon, Halin, Double, Exponential, Artanh, Identity],
    base=HardnessActivation,  # type: ignore[type-abstract]
    default=Hanon,
)
