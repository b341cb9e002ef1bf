"""DistMult as a query: a scaling of each dimension."""

from __future__ import annotations

from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from .query import QueryInteraction

__all__ = ["QueryDistMultInteraction"]


@parse_docdata
class QueryDistMultInteraction(QueryInteraction):
    r"""Scale each dimension of the head.

    .. math::
        f(h, r, t) = -\|h \odot r - t\|^2, \qquad h, r, t \in \mathbb{R}^d

    With ``similarity="dot"`` it is DistMult. The squared distance is what it is compared by in low dimensions
    (https://arxiv.org/abs/2201.00565).

    ---
    citation:
        author: Yang
        year: 2014
        arxiv: 1412.6575
        link: https://arxiv.org/abs/1412.6575
    """

    similarity_default: ClassVar[str] = "squared_distance"
    entity_shape = ("d",)
    relation_shape = ("d",)

    def transform(self, h: Tensor, r: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r`.

        :param h: shape: ``(*batch_dims, d)``, real
        :param r: shape: ``(*batch_dims, d)``, real
        :return: shape: ``(*batch_dims, d)``, real
        """
        return h * r
