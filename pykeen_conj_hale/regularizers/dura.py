"""DURA, the duality-induced regularizer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..checks import check_number
from ..functional.modulus import squared_modulus
from .factors import FactorRegularizer, Factors

__all__ = ["DURARegularizer"]


class DURARegularizer(FactorRegularizer):
    r"""The duality-induced regularizer (DURA; Zhang et al., 2020), for bilinear models.

    .. math::
        \frac{\lambda}{B} \sum_{(h, r, t)} \lambda_1 (\|h\|^2 + \|t\|^2) + \lambda_2 (\|h R\|^2 + \|t R^\top\|^2)
        = \frac{\lambda}{B} \sum_{(h, r, t)} \sum_i (|h_i|^2 + |t_i|^2) (\lambda_1 + \lambda_2 |r_i|^2)

    over the B triples of a batch, as R is diagonal in the models that take it: DistMult, ComplEx, ConjComplEx and CP
    under the dot product. It is what the squared distances :math:`\|h R - t\|^2` and :math:`\|t R^\top - h\|^2` of the
    dual models have beside the score. A conjugate-shared relation counts as the same relation stored in full; the scale
    per relation and biases do not count. The authors' code has :math:`\lambda_1 = 0.5` and :math:`\lambda_2 = 1.5` for
    ComplEx and CP.

    What is looked up by its ids counts, once per step, as for :class:`N3Regularizer`: of triples all four terms; under
    LCWA, whose tails are all the entities, those of the head (with inverse triples each tail is a head, too).

    See https://arxiv.org/abs/2011.05816 (Zhang et al., 2020), section 4.
    """

    needs_product: ClassVar[bool] = True

    def __init__(
        self,
        weight: float = 0.05,
        entity_weight: float = 1.0,
        product_weight: float = 1.0,
        apply_only_once: bool = False,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the regularizer.

        :param weight: the weight λ ≥ 0
        :param entity_weight: the weight :math:`\lambda_1` ≥ 0 of head and tail
        :param product_weight: the weight :math:`\lambda_2` ≥ 0 of their products with the relation
        :param apply_only_once: whether only the first look-ups of a step are regularised
        :param kwargs: further arguments of :class:`pykeen.regularizers.Regularizer`
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(weight, apply_only_once, **kwargs)
        self.entity_weight = check_number("entity_weight", entity_weight, minimum=0)
        self.product_weight = check_number("product_weight", product_weight, minimum=0)

    def arguments(self) -> dict[str, Any]:
        """List the arguments; see :meth:`FactorRegularizer.arguments`."""
        return dict(super().arguments(), entity_weight=self.entity_weight, product_weight=self.product_weight)

    def add(self, factors: Factors, ids: Sequence[Tensor | None]) -> None:
        """Add the terms of the new heads and tails; see :meth:`FactorRegularizer.add`."""
        new = self.new_sides(factors, ids)
        if self.apply_only_once and self.updated:
            return
        # the halves of a shared relation, one after the other; no relation where it is what is predicted
        r = squared_modulus(torch.cat([*factors.relation], dim=-1)) if factors.relation else None
        for x in (*new.head, *new.tail):
            weights = self.entity_weight if r is None else self.entity_weight + self.product_weight * r
            self.regularization_term = self.regularization_term + (squared_modulus(x) * weights).sum(dim=-1).mean()
            self.updated = True

    def forward(self, x: Tensor) -> Tensor:
        """Refuse: a single representation is not enough.

        :param x: what a representation has looked up
        :raises ValueError: always
        """
        raise ValueError(
            "regularizer='DURA' is of triples, and cannot regularize each representation by itself, as models of "
            "PyKEEN and a CombinedRegularizer do. Take QueryDistMult, QueryComplEx, ConjComplEx or QueryCP with "
            "similarity='dot', or another regularizer."
        )
