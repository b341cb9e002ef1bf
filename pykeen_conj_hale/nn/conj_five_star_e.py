"""Conj5*E: 5*E whose relations share parameters by conjugation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from docdata import parse_docdata
from torch import Tensor

from ..checks import check_choice
from ..functional.moebius import CONJUGATE_VARIANTS
from .five_star_e import FiveStarEInteraction

__all__ = ["ConjFiveStarEInteraction"]


@parse_docdata
class ConjFiveStarEInteraction(FiveStarEInteraction):
    r"""5*E with two of the four numbers of each Möbius map the conjugates of the other two.

    .. math::
        q = \frac{a h + b}{c h + d} \quad\text{with}\quad
        \begin{array}{lll}
        \text{conjugate:} & c = \bar b, & d = \bar a \\
        \text{negative:} & c = -\bar b, & d = \bar a \\
        \text{horizontal:} & b = \bar a, & d = \bar c \\
        \text{vertical:} & c = \bar a, & d = \bar b
        \end{array}

    The relations have exactly half the parameters of 5*E's: a and c for *horizontal*, a and b for the others. All else
    is that of :class:`~pykeen_conj_hale.nn.FiveStarEInteraction`.

    ---
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    synonyms: ClassVar[set[str]] = {"Conj5StarE"}
    relation_shape = ("d", "d")

    def __init__(self, variant: str = "conjugate", **kwargs: Any) -> None:
        """Initialize the interaction.

        :param variant: which numbers are shared: ``"conjugate"``, ``"negative"``, ``"horizontal"`` or ``"vertical"``
        :param kwargs: ``normalization``, ``"published"`` or ``"exact"`` (see
            :class:`~pykeen_conj_hale.nn.FiveStarEInteraction`), and arguments of
            :class:`~pykeen_conj_hale.nn.query.QueryInteraction`
        :raises ValueError: if the variant or the normalization is unknown
        """
        super().__init__(**kwargs)
        self.variant = check_choice("variant", variant, CONJUGATE_VARIANTS)

    def coefficients(self, r: Sequence[Tensor]) -> Sequence[Tensor]:
        """Build the numbers a, b, c, d of the relation's maps from two of them.

        :param r: the two relation representations, each of shape ``(*batch_dims, d)``, complex
        :return: a, b, c and d, each of shape ``(*batch_dims, d)``, complex
        """
        return CONJUGATE_VARIANTS[self.variant](*r)

    def extra_repr(self) -> str:
        """Show the options."""
        return f"{super().extra_repr()}, variant={self.variant!r}"
