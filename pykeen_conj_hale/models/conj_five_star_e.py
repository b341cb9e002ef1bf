"""Conj5*E: 5*E whose relations share parameters by conjugation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pykeen.typing import Initializer
from torch import Tensor

from ..checks import check_choice
from ..functional.moebius import CONJUGATE_VARIANTS
from ..nn import QueryModel, Relation, init_phases, near_zero_
from .five_star_e import FiveStarEInteraction


class ConjFiveStarEInteraction(FiveStarEInteraction):
    """The interaction of :class:`ConjFiveStarE`: two of the four numbers of a Möbius map are conjugates of the others.

    The parameters of a relation are a and c for *horizontal*, a and b for the other variants. All else is that of
    :class:`~pykeen_conj_hale.models.five_star_e.FiveStarEInteraction`.
    """

    synonyms: ClassVar[set[str]] = {"Conj5StarE"}
    relation_shape = ("d", "d")

    def __init__(self, variant: str = "conjugate", **kwargs: Any) -> None:
        """Initialize the interaction.

        :param variant: which numbers are shared: ``"conjugate"``, ``"negative"``, ``"horizontal"`` or ``"vertical"``
        :param kwargs: ``normalization``, ``"published"`` or ``"exact"`` (see
            :class:`~pykeen_conj_hale.models.FiveStarE`), and arguments of
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


def start_second(variant: str, **options: Any) -> Initializer:
    """Choose the initializer of the second number: modulus 1 where d is its conjugate, close to 0 where it is b.

    A map is nearly a rotation then, except with *horizontal* and *vertical*: all four numbers have modulus 1.

    :param variant: which numbers are shared
    :param options: the other options
    :return: the initializer
    """
    return init_phases if variant in ("horizontal", "vertical") else near_zero_


class ConjFiveStarE(QueryModel):
    r"""5*E with conjugate-shared relations: half the relation memory (Feng, 2022).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle q, \bar t\rangle, \qquad
        q = \frac{a h + b}{\bar b h + \bar a}, \qquad h, t, a, b \in \mathbb{C}^d

    This is ``variant="conjugate"``; the paper's others are *negative* (:math:`c = -\bar b, d = \bar a`), *horizontal*
    (:math:`b = \bar a, d = \bar c`) and *vertical* (:math:`c = \bar a, d = \bar b`). With tied weights it equals
    :class:`~pykeen_conj_hale.models.FiveStarE`, which explains ``normalization``; the formula above is ``"exact"``. An
    entity has 2d real parameters, a relation 4d. The paper trains with cross entropy over all entities, reciprocal
    relations (``create_inverse_triples=True``) and the N3 regularizer (``regularizer="N3"``).

    ---
    name: Conj5*E
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    synonyms: ClassVar[set[str]] = {"Conj5StarE"}
    interaction_class = ConjFiveStarEInteraction
    first = Relation(init_phases, option="relation")
    second = Relation(initializer_for=start_second, option="relation")
