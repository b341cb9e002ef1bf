"""Conj5*E: 5*E whose relations share parameters by conjugation."""

from __future__ import annotations

import cmath
import math
from collections.abc import Sequence
from functools import partial
from typing import Any, ClassVar

from pykeen.typing import Hint, Initializer
from torch import Tensor

from ..checks import check_choice
from ..functional.moebius import CONJUGATE_VARIANTS
from ..nn import (
    QueryModel,
    Relation,
    Similarity,
    complex_normal_,
    init_phases,
    near_zero_,
    normal_entities_,
    small_phases_,
)
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


def is_far(variant: str, similarity: Similarity) -> bool:
    """Tell whether a distance needs a start of its own: these variants have no parameters that give the identity.

    With moduli of 1 their queries have the length √d, and first distances lie where HaLE's activations are flat.

    :param variant: which numbers are shared
    :param similarity: the similarity
    :return: whether it does
    """
    return similarity.is_distance and variant in ("horizontal", "vertical")


#: With a = e^(iπ/4) and b = -i s² a, s = √2 - 1, the map (a h + b) / (ā h + b̄) has the fixed point i s, around which it
#: is a rotation to first order
FIXED_POINT = 1j * (math.sqrt(2) - 1)
FIXING_A = cmath.exp(0.25j * math.pi)
FIXING_B = FIXED_POINT * abs(FIXED_POINT) * -FIXING_A


def start_first(
    *, variant: str, normalization: str, embedding_dim: int, similarity: Similarity, **options: Any
) -> Hint[Initializer]:
    """Choose the initializer of the first number, a: modulus 1, unless the length of queries depends on a alone.

    :param variant: which numbers are shared
    :param normalization: the map
    :param embedding_dim: the dimension
    :param similarity: the similarity
    :param options: the other options
    :return: the initializer
    """
    if not is_far(variant, similarity):
        return init_phases
    if variant == "horizontal":
        return small_phases_
    if normalization == "published":
        return init_phases
    return partial(complex_normal_, mean=FIXING_A, std=math.sqrt(0.16 / embedding_dim))


def start_second(
    *, variant: str, normalization: str, embedding_dim: int, similarity: Similarity, **options: Any
) -> Hint[Initializer]:
    """Choose the initializer of the second number: modulus 1 where d is its conjugate, close to 0 where it is b.

    A map is nearly a rotation then, except with *horizontal* and *vertical*.

    :param variant: which numbers are shared
    :param normalization: the map
    :param embedding_dim: the dimension
    :param similarity: the similarity
    :param options: the other options
    :return: the initializer
    """
    if variant not in ("horizontal", "vertical"):
        return near_zero_
    if variant == "horizontal" or not similarity.is_distance:
        return init_phases
    if normalization == "published":
        # a h + b is as much the head's as the relation's
        return normal_entities_
    return partial(complex_normal_, mean=FIXING_B, std=math.sqrt(0.16 / embedding_dim))


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
    name: ConjFiveStarE
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    synonyms: ClassVar[set[str]] = {"Conj5StarE"}
    interaction_class = ConjFiveStarEInteraction
    first = Relation(initializer_for=start_first, option="relation")
    second = Relation(initializer_for=start_second, option="relation")
    entity_initializer_default: ClassVar[Hint[Initializer]] = None

    @classmethod
    def entity_initializer_for(cls, *, similarity: Similarity, embedding_dim: int, **options: Any) -> Hint[Initializer]:
        """Choose the initializer of entities: around the fixed point, where relations start with one.

        :param similarity: the similarity
        :param embedding_dim: the dimension
        :param options: the interaction's options
        :return: the initializer
        """
        if similarity.is_distance and (options["variant"], options["normalization"]) == ("vertical", "exact"):
            return partial(complex_normal_, mean=FIXED_POINT, std=math.sqrt(0.16 / embedding_dim))
        return normal_entities_
