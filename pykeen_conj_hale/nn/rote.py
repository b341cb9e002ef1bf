"""RotE: a rotation and a translation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from ..functional.rotation import givens_rotation
from .query import QueryInteraction

__all__ = ["RotEInteraction"]


@parse_docdata
class RotEInteraction(QueryInteraction):
    r"""Rotate the head pair by pair, then translate it.

    .. math::
        f(h, r, t) = -\|\mathrm{Givens}(r)\, h + r' - t\|^2, \qquad h, t, r, r' \in \mathbb{R}^d

    The parameters r of the rotation are normalised here; see :mod:`~pykeen_conj_hale.functional.rotation`. d is even.

    ---
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    similarity_default: ClassVar[str] = "squared_distance"
    entity_shape = ("d",)
    relation_shape = ("d", "d")

    def transform(self, h: Tensor, r: Sequence[Tensor]) -> Tensor:
        r"""Build the query :math:`\mathrm{Givens}(r)\, h + r'`.

        :param h: shape: ``(*batch_dims, d)``, real, d even
        :param r: two of shape: ``(*batch_dims, d)``, the rotation r and the translation r'
        :return: shape: ``(*batch_dims, d)``
        :raises ValueError: if d is odd
        """
        rotation, translation = r
        return givens_rotation(h, rotation) + translation

    def relation_factors(self, r: Sequence[Tensor]) -> Iterable[Tensor]:
        """List the translation: what is left of a rotation has length 1.

        :param r: as for :meth:`transform`
        :return: one factor of shape ``(*batch_dims, d)``
        """
        return [r[1]]
