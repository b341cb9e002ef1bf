"""RotL: a rotation and a flexible addition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from ..functional.flexible_addition import flexible_addition
from ..functional.rotation import givens_rotation
from .query import QueryInteraction

__all__ = ["RotLInteraction"]


@parse_docdata
class RotLInteraction(QueryInteraction):
    r"""Rotate the head pair by pair, then translate it by flexible addition.

    .. math::
        f(h, r, t) = -\|\mathrm{Givens}(r)\, h \oplus_\alpha r' - t\|^2, \qquad
        x \oplus_\alpha y = \frac{\alpha (x + y)}{1 + \langle x, y\rangle}, \qquad
        h, t, r, r' \in \mathbb{R}^d,\ \alpha \in \mathbb{R}

    This is RotL as HaLE trains it. RotL's own similarity, ``"exponential_distance"``, is
    :math:`-\varphi(\|q - t\|)` with :math:`\varphi(x) = x e^x`. What happens near the pole of the addition:
    :mod:`~pykeen_conj_hale.functional.flexible_addition`.

    ---
    citation:
        author: Wang
        year: 2021
        arxiv: 2103.14930
        link: https://arxiv.org/abs/2103.14930
    """

    similarity_default: ClassVar[str] = "squared_distance"
    entity_shape = ("d",)
    relation_shape = ("d", "d", "")

    def transform(self, h: Tensor, r: Sequence[Tensor]) -> Tensor:
        r"""Build the query :math:`\mathrm{Givens}(r)\, h \oplus_\alpha r'`.

        :param h: shape: ``(*batch_dims, d)``, real, d even
        :param r: the rotation r and the translation r', shape: ``(*batch_dims, d)``, and the factor α, shape:
            ``batch_dims``
        :return: shape: ``(*batch_dims, d)``
        :raises ValueError: if d is odd
        """
        rotation, translation, alpha = r
        return flexible_addition(givens_rotation(h, rotation), translation, alpha)

    def relation_factors(self, r: Sequence[Tensor]) -> Iterable[Tensor]:
        """List the translation: what is left of a rotation has length 1, and α is no vector.

        :param r: as for :meth:`transform`
        :return: one factor of shape ``(*batch_dims, d)``
        """
        return [r[1]]
