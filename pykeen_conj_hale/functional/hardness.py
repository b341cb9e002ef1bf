r"""Hardness-aware activations of HaLE: growing maps of a distance-like x, flat where training has nothing to gain.

An activation h is a pure function and its derivative; the activated score is :math:`f = -h(x)` with x minus the score.
To add one: subclass :class:`HardnessActivation` here. Losses and the streaming kernel then take it by name.

---
citation:
    author: Wang
    year: 2022
    link: https://arxiv.org/abs/2201.00565
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar

import torch
from class_resolver import ClassResolver
from torch import Tensor

__all__ = ["Halin", "Hanon", "HardnessActivation", "Identity", "hardness_resolver"]


@dataclass(frozen=True)
class HardnessActivation(ABC):
    """An elementwise, non-decreasing activation h of x (minus the score)."""

    #: further names
    synonyms: ClassVar[set[str]] = set()

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if not (isinstance(value, int | float) and math.isfinite(value) and value > 0):
                raise ValueError(f"{field.name}={value!r} is not allowed: it must be a finite number > 0.")

    @property
    def bound(self) -> float:
        """The supremum of |h|; ``inf`` where there is none. Below about 80, sums of exp(-h) need no running maximum."""
        return math.inf

    @abstractmethod
    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate h, elementwise and differentiably.

        :param x: any shape, real
        :return: the shape of x
        """

    @abstractmethod
    def derivative(self, x: Tensor, value: Tensor) -> Tensor:
        """Evaluate h', elementwise.

        :param x: any shape, real
        :param value: h(x), which may make the derivative cheap
        :return: the shape of x
        """


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

    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate h; see :meth:`HardnessActivation.__call__`."""
        shift = -(0.5 * self.beta + math.log(self.gamma))
        return (self.beta * x).add_(shift).sigmoid_().mul(self.gamma)

    def derivative(self, x: Tensor, value: Tensor) -> Tensor:
        """Evaluate h'; see :meth:`HardnessActivation.derivative`."""
        return torch.addcmul(self.beta * value, value, value, value=-self.beta / self.gamma)


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

    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate h; see :meth:`HardnessActivation.__call__`."""
        return torch.where(x < 1, 2.0 * x, (self.beta * (x - 1.0) + 2.0).clamp(max=self.gamma))

    def derivative(self, x: Tensor, value: Tensor) -> Tensor:
        """Evaluate h'; see :meth:`HardnessActivation.derivative`."""
        steep = torch.where(value < self.gamma, self.beta, 0.0)
        return torch.where(x < 1, 2.0, steep).to(x.dtype)


@dataclass(frozen=True)
class Identity(HardnessActivation):
    """No activation: h(x) = x, h'(x) = 1."""

    synonyms: ClassVar[set[str]] = {"none"}

    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate h; see :meth:`HardnessActivation.__call__`."""
        return x

    def derivative(self, x: Tensor, value: Tensor) -> Tensor:
        """Evaluate h'; see :meth:`HardnessActivation.derivative`."""
        return torch.ones_like(x)


#: Activations by name
hardness_resolver: ClassResolver[HardnessActivation] = ClassResolver(
    [Hanon, Halin, Identity],
    base=HardnessActivation,  # type: ignore[type-abstract]
    default=Hanon,
)
