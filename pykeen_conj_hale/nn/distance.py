"""The base of query models which compare by a distance, as HaLE trains them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.losses import Loss

from ..losses import HaLELoss
from .model import QueryModel

__all__ = ["DistanceQueryModel"]


class DistanceQueryModel(QueryModel):
    r"""A query model with the defaults of HaLE: its loss, the squared distance, and a scale per relation.

    .. math::
        f(h, r, t) = -c_r \|\Phi(h, r) - t\|^2, \qquad c_r > 0

    See https://arxiv.org/abs/2201.00565 (Wang et al., 2022).
    """

    #: HaLE, which trains low-dimensional models best
    loss_default: ClassVar[type[Loss]] = HaLELoss
    loss_default_kwargs: ClassVar[Mapping[str, Any] | None] = {}

    embedding_dim_default: ClassVar[int] = 32
    similarity_default: ClassVar[str | None] = "squared_distance"
    relation_scale_default: ClassVar[bool] = True
