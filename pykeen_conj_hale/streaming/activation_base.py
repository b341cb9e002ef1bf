r"""The base of hardness-aware activations.

An activation h is a pure function and its derivative; the activated score is :math:`f = -h(x)` with x = −score.
It is written as

.. math::
    h(x) = a\, k(b x + c), \qquad h'(x) = a\, b\, k'(b x + c)

with a plain map k, as the streaming log-sum-exp can leave b and c to a matrix product, and a to a factor.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from typing import ClassVar, Final

from torch import Tensor

from ..checks import check_number

__all__ = ["HardnessActivation"]

#: Of an activation's numbers: beyond it their products overflow in single precision
_LARGEST: Final = 1e9


@dataclass(frozen=True)
class HardnessActivation(ABC):
    """An elementwise, non-decreasing activation h of x (minus the score)."""

    #: further names
    synonyms: ClassVar[set[str]] = set()

    def __post_init__(self) -> None:
        for field in fields(self):
            number = check_number(field.name, getattr(self, field.name), above=0, maximum=_LARGEST)
            if not isinstance(getattr(self, field.name), int) and type(getattr(self, field.name)) is not float:
                # NumPy's scalars look different in the repr, by which checkpoints know a model
                object.__setattr__(self, field.name, number)

    @property
    def bound(self) -> float:
        """The supremum of the modulus of h; ``inf`` where there is none.

        Below about 80, sums of exp(-h) need no running maximum.
        """
        return math.inf

    @property
    def height(self) -> float:
        """The factor a of the value, > 0."""
        return 1.0

    @property
    def slope(self) -> float:
        """The factor b of the argument, > 0."""
        return 1.0

    @property
    def shift(self) -> float:
        """The summand c of the argument."""
        return 0.0

    @abstractmethod
    def unit(self, y: Tensor) -> Tensor:
        """Evaluate k, elementwise and differentiably.

        :param y: any shape, real
        :return: the shape of y
        """

    @abstractmethod
    def unit_derivative(self, y: Tensor, value: Tensor) -> Tensor:
        """Evaluate k', elementwise.

        :param y: any shape, real
        :param value: k(y), which may make the derivative cheap
        :return: the shape of y
        """

    def inner(self, x: Tensor) -> Tensor:
        """Evaluate b x + c.

        :param x: any shape, real
        :return: the shape of x
        """
        y = x if self.slope == 1.0 else self.slope * x
        return y + self.shift if self.shift else y

    def __call__(self, x: Tensor) -> Tensor:
        """Evaluate h, elementwise and differentiably.

        :param x: any shape, real
        :return: the shape of x
        """
        value = self.unit(self.inner(x))
        return value if self.height == 1.0 else self.height * value

    def derivative(self, x: Tensor) -> Tensor:
        """Evaluate h', elementwise.

        :param x: any shape, real
        :return: the shape of x
        """
        y = self.inner(x)
        return self.height * self.slope * self.unit_derivative(y, self.unit(y))
