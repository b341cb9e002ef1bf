"""ConjComplEx: ComplEx whose relations share parameters by conjugation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from docdata import parse_docdata
from torch import Tensor

from ..functional.conjugate import conjugate_shared_product
from .query import QueryInteraction

__all__ = ["ConjComplExInteraction"]


@parse_docdata
class ConjComplExInteraction(QueryInteraction):
    r"""ComplEx with the second half of each relation the conjugate of the first.

    .. math::
        f(h, r, t) = \mathrm{Re}\langle h \odot [r', \overline{r'}], \bar t\rangle, \qquad
        h, t \in \mathbb{C}^d,\ r' \in \mathbb{C}^{d/2}

    The relations have exactly half the parameters of ComplEx's; d is even. With the squared distance as similarity the
    same query is compared by :math:`-\|h \odot [r', \overline{r'}] - t\|^2`.

    ---
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    is_complex: ClassVar[bool] = True
    entity_shape = ("d",)
    relation_shape = ("e",)

    def transform(self, h: Tensor, r: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot [r', \overline{r'}]`.

        :param h: shape: ``(*batch_dims, d)``, complex
        :param r: shape: ``(*batch_dims, d/2)``, complex
        :return: shape: ``(*batch_dims, d)``, complex
        :raises ValueError: if d is not twice the dimension of r
        """
        return conjugate_shared_product(h, r)

    def relation_factors(self, r: Tensor) -> Iterable[Tensor]:
        r"""List both halves of the full relation, :math:`r'` and :math:`\overline{r'}`.

        :param r: shape: ``(*batch_dims, d/2)``, complex
        :return: two factors of shape ``(*batch_dims, d/2)``, complex
        """
        return [r, r.conj()]
