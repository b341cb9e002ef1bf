"""The base of query models which compare by a distance, as HaLE trains them."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.losses import Loss

from ..losses import HaLELoss
from .base import QueryModel

__all__ = ["DistanceQueryModel"]


class DistanceQueryModel(QueryModel):
    r"""A query model with the defaults of HaLE: its loss, and a scale per relation.

    .. math::
        f(h, r, t) = -c_r \|\Phi(h, r) - t\|^2, \qquad c_r > 0

    The interaction's own default is the squared distance.

    ---
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    #: HaLE, which trains low-dimensional models best
    loss_default: ClassVar[type[Loss]] = HaLELoss
    loss_default_kwargs: ClassVar[Mapping[str, Any] | None] = {}

    relation_scale_default: ClassVar[bool] = True
