"""N3, the nuclear 3-norm."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from torch import Tensor

from ..functional.modulus import squared_modulus
from ..messages import Once
from .factors import FactorRegularizer, Factors

__all__ = ["N3Regularizer"]


_once = Once(logging.getLogger(__name__))


class N3Regularizer(FactorRegularizer):
    r"""The nuclear 3-norm of the scores' tensor decomposition (N3; Lacroix et al., 2018).

    .. math::
        \frac{\lambda}{B} \sum_{(h, r, t)} \sum_{z \in \{h, r, t\}} \sum_i |z_i|^3

    over the B triples of a batch, with the moduli :math:`|z_i|` of the factors' numbers. The models of this package
    hand over what a factor is: of a conjugate-shared relation both halves, :math:`[r', \bar{r'}]`, so that the value is
    that of the same relation stored in full; of 5*E, :math:`\sqrt{|a|^2 + |b|^2 + |c|^2 + |d|^2}` of each dimension.
    Scales and biases are no factors. As in the code of Lacroix, 5*E and Conj5*E, the sum is divided by the size of the
    batch, and not by the dimension: a weight λ means the same here.

    What is looked up by its ids is regularised, row by row of the batch: h, r and t of triples under the query-sampling
    and symmetric LCWA loops; h and r under LCWA, whose tails are all the entities; under sLCWA the triples, and the
    negatives once more with an average of their own. The ids of a batch count once per step, however often they are
    looked up: for slices of the scores, or for both directions of prediction.

    In any other model of PyKEEN, and as part of a :class:`pykeen.regularizers.CombinedRegularizer`, it is applied to
    each representation by itself, as PyKEEN does: the sum over the last dimension, averaged over all others. Then every
    look-up counts in PyKEEN's loops, and the triples' only in the query-sampling loop with a loss that scores triples.
    A weight λ means something else there, which is said once in the log.

    See https://arxiv.org/abs/1806.07297 (Lacroix et al., 2018).
    """

    def add(self, factors: Factors, ids: Sequence[Tensor | None]) -> None:
        """Add the factors of the new ids; see :meth:`FactorRegularizer.add`."""
        self.update(*(x for side in self.new_sides(factors, ids) for x in side))

    def update(self, *tensors: Tensor) -> None:
        """Add to the step's term; see :meth:`pykeen.regularizers.Regularizer.update`.

        :param tensors: factors of a batch, or what a representation has looked up
        """
        if not self._counted:
            _once.warning(
                "N3 regularizes each representation by itself here, in every look-up: a weight means something else "
                "than in the models of pykeen-conj-hale, where it counts the factors of a batch's triples once."
            )
        super().update(*tensors)

    def forward(self, x: Tensor) -> Tensor:
        r"""Compute :math:`\sum_i |x_i|^3`, averaged over the batch dimensions.

        :param x: shape: ``(*batch_dims, n)``, real or complex
        :return: shape: ``()``, real; its gradient is 0 at x = 0
        """
        return squared_modulus(x).pow(1.5).sum(dim=-1).mean()
