"""TransE as a query: a translation."""

from __future__ import annotations

from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from .query import QueryInteraction

__all__ = ["QueryTransEInteraction"]


@parse_docdata
class QueryTransEInteraction(QueryInteraction):
    r"""Translate the head.

    .. math::
        f(h, r, t) = -\|h + r - t\|^2, \qquad h, r, t \in \mathbb{R}^d

    It is minus the square of PyKEEN's TransE (p = 2), at the speed of a matrix product.

    ---
    citation:
        author: Bordes
        year: 2013
        link: https://papers.nips.cc/paper/5071-translating-embeddings-for-modeling-multi-relational-data.pdf
    """

    similarity_default: ClassVar[str] = "squared_distance"
    entity_shape = ("d",)
    relation_shape = ("d",)

    def transform(self, h: Tensor, r: Tensor) -> Tensor:
        r"""Build the query :math:`h + r`.

        :param h: shape: ``(*batch_dims, d)``, real
        :param r: shape: ``(*batch_dims, d)``, real
        :return: shape: ``(*batch_dims, d)``, real
        """
        return h + r
