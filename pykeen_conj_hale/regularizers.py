"""Regularizers: N3, the nuclear 3-norm."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.regularizers import Regularizer
from torch import Tensor

from .functional.modulus import squared_modulus

__all__ = ["N3Regularizer"]


class N3Regularizer(Regularizer):
    r"""The nuclear 3-norm of the scores' tensor decomposition (N3; Lacroix et al., 2018).

    .. math::
        \frac{\lambda}{B} \sum_{(h, r, t)} \sum_{z \in \{h, r, t\}} \sum_i |z_i|^3

    over the B triples of a batch, with the moduli :math:`|z_i|` of the factors' numbers. The models of this package
    hand over what a factor is: of a conjugate-shared relation both halves, :math:`[r', \bar{r'}]`, so that the value is
    that of the same relation stored in full; of 5*E, :math:`\sqrt{|a|^2 + |b|^2 + |c|^2 + |d|^2}` of each dimension.
    Scales and biases are no factors. As in the code of Lacroix, 5*E and Conj5*E, the sum is divided by the size of the
    batch, and not by the dimension: a weight λ means the same here.

    What is looked up by its ids is regularised, row by row of the batch: h, r and t of triples under the query-sampling
    loop; h and r under LCWA, whose tails are all the entities; under sLCWA the triples, and the negatives once more
    with an average of their own. As with all regularizers of PyKEEN every look-up counts, also that of each slice.

    In any other model of PyKEEN, and as part of a :class:`pykeen.regularizers.CombinedRegularizer`, it is applied to
    each representation by itself, as PyKEEN does: the sum over the last dimension, averaged over all others.

    See https://arxiv.org/abs/1806.07297 (Lacroix et al., 2018).
    """

    #: The default strategy for optimizing the regularizer's hyper-parameters
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        weight=dict(type=float, low=1e-4, high=1.0, scale="log"),
    )

    def __init__(self, weight: float = 0.05, apply_only_once: bool = False, **kwargs: Any) -> None:
        """Initialize the regularizer.

        :param weight: the weight λ
        :param apply_only_once: whether only the first look-ups of a step are regularised
        :param kwargs: further arguments of :class:`pykeen.regularizers.Regularizer`
        """
        super().__init__(weight=weight, apply_only_once=apply_only_once, **kwargs)

    def forward(self, x: Tensor) -> Tensor:
        r"""Compute :math:`\sum_i |x_i|^3`, averaged over the batch dimensions.

        :param x: shape: ``(*batch_dims, n)``, real or complex
        :return: shape: ``()``, real; its gradient is 0 at x = 0
        """
        return squared_modulus(x).pow(1.5).sum(dim=-1).mean()
