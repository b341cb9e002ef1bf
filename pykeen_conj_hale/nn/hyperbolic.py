"""The base of query models in hyperbolic space."""

from __future__ import annotations

from typing import ClassVar

from pykeen.typing import Hint, Initializer

from .distance import DistanceQueryModel
from .initializers import normal_tangents_

__all__ = ["HyperbolicQueryModel"]


class HyperbolicQueryModel(DistanceQueryModel):
    r"""A query model in the Poincaré ball of a trainable curvature per relation.

    .. math::
        f(h, r, t) = -c_r\, d_{k_r}(\exp_0 \Phi(h, r), \exp_0 t)^2, \qquad c_r, k_r > 0

    A subclass declares ``curvature = CURVATURE``. Entities are tangent
    vectors at the origin, which each relation maps into its ball of curvature :math:`-k_r`, and the transform returns
    such a vector, too. With another similarity, ``"squared_distance"`` or ``"dot"``, tangent vectors are compared.

    See https://arxiv.org/abs/2005.00545 (Chami et al., 2020).
    """

    similarity_default: ClassVar[str | None] = "hyperbolic_distance"
    entity_initializer_default: ClassVar[Hint[Initializer]] = normal_tangents_
