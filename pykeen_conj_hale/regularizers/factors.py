"""What regularizers of a batch's triples have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from pykeen.regularizers import Regularizer
from torch import Tensor

from ..checks import check_bool, check_number

__all__ = ["FactorRegularizer", "Factors"]


class Factors(NamedTuple):
    """The factors of triples by side; empty where a side is left out.

    They are vectors of which the moduli count, each of shape ``(*batch_dims, n)``, real or complex.
    """

    head: Sequence[Tensor]
    relation: Sequence[Tensor]
    tail: Sequence[Tensor]


class FactorRegularizer(Regularizer):
    """A regularizer that query models hand the factors of a batch's triples to, which no single representation has."""

    #: The default strategy for optimizing the regularizer's hyper-parameters; of a float PyKEEN ignores ``scale="log"``
    hpo_default: ClassVar[Mapping[str, Any]] = dict(weight=dict(type=float, low=1e-4, high=1.0, log=True))
    #: Whether head and tail have to be multiplied by the relation, dimension by dimension
    needs_product: ClassVar[bool] = False

    def __init__(self, weight: float = 0.05, apply_only_once: bool = False, **kwargs: Any) -> None:
        """Initialize the regularizer.

        :param weight: the weight λ ≥ 0
        :param apply_only_once: whether only the first look-ups of a step are regularised
        :param kwargs: further arguments of :class:`pykeen.regularizers.Regularizer`
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(
            weight=check_number("weight", weight, minimum=0),
            apply_only_once=check_bool("apply_only_once", apply_only_once),
            **kwargs,
        )

    def arguments(self) -> dict[str, Any]:
        """List the arguments, such that they make this regularizer again; to be extended where there are more.

        :return: the arguments of :meth:`__init__` by name, as plain data
        """
        return dict(
            # the shortest number that is the same in single precision
            weight=float(str(np.float32(float(self.weight)))),
            apply_only_once=self.apply_only_once,
        )

    @abstractmethod
    def add(self, factors: Factors, ids: Sequence[Tensor | None]) -> None:
        """Add the factors of a batch to the step's term.

        :param factors: the factors of the sides that have one row per triple
        :param ids: the ids of heads, relations and tails
        """

    def reset(self) -> None:
        """Begin a new step; see :meth:`pykeen.regularizers.Regularizer.reset`."""
        super().reset()
        #: The ids that are counted in this step by side. To hold them keeps their memory from being used for others.
        self._counted: dict[str, list[Tensor]] = {}

    def is_new(self, side: str, ids: Tensor) -> bool:
        """Tell whether the ids of a side of the batch have not been counted in this step, and note them.

        :param side: ``"head"``, ``"relation"`` or ``"tail"``
        :param ids: the ids, any shape with one id per row; a view of the same memory is the same ids
        :return: whether they are new
        """
        ids = ids.flatten()
        counted = self._counted.setdefault(side, [])
        if any(_are_same(ids, other) for other in counted):
            return False
        counted.append(ids)
        return True

    def new_sides(self, factors: Factors, ids: Sequence[Tensor | None]) -> Factors:
        """Leave out the sides whose ids are counted in this step, and note the others.

        :param factors: the factors
        :param ids: the ids of heads, relations and tails
        :return: the factors of the sides that are new
        """
        sides = zip(("head", "relation", "tail"), factors, ids, strict=True)
        return Factors(*(x if x and i is not None and self.is_new(side, i) else () for side, x, i in sides))


def _are_same(ids: Tensor, others: Tensor) -> bool:
    """Tell whether two vectors are the same place in memory; of a single number the stride has no meaning."""
    same_stride = len(ids) == 1 or ids.stride() == others.stride()
    return ids.data_ptr() == others.data_ptr() and ids.shape == others.shape and same_stride
