"""RotatE as a query: a rotation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from ..functional.rotation import unit_modulus
from .query import QueryInteraction

__all__ = ["QueryRotatEInteraction"]


@parse_docdata
class QueryRotatEInteraction(QueryInteraction):
    r"""Rotate each complex dimension of the head.

    .. math::
        f(h, r, t) = -\|h \odot r / |r| - t\|^2, \qquad h, r, t \in \mathbb{C}^d

    It is minus the square of PyKEEN's RotatE, at the speed of a matrix product. The relations are normalised here;
    PyKEEN's model constrains them to modulus 1 after each step.

    ---
    citation:
        author: Sun
        year: 2019
        arxiv: 1902.10197
        link: https://arxiv.org/abs/1902.10197
        github: DeepGraphLearning/KnowledgeGraphEmbedding
    """

    is_complex: ClassVar[bool] = True
    similarity_default: ClassVar[str] = "squared_distance"
    entity_shape = ("d",)
    relation_shape = ("d",)

    def transform(self, h: Tensor, r: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r / |r|`.

        :param h: shape: ``(*batch_dims, d)``, complex
        :param r: shape: ``(*batch_dims, d)``, complex
        :return: shape: ``(*batch_dims, d)``, complex
        """
        return h * unit_modulus(r)

    def relation_factors(self, r: Tensor) -> Iterable[Tensor]:
        """List no factor: what is left of a rotation has modulus 1.

        :param r: as for :meth:`transform`
        :return: nothing
        """
        return []
