"""5*E: relations as Möbius maps, the projective transformations of the complex line."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..checks import check_choice
from ..functional.moebius import MOEBIUS_MAPS
from ..nn import QueryInteraction, QueryModel, Relation, init_phases, near_zero_


class FiveStarEInteraction(QueryInteraction):
    """The interaction of :class:`FiveStarE`: a Möbius map for each dimension of the head.

    Where c h + d = 0, q = 0 (see :mod:`~pykeen_conj_hale.functional.moebius`).
    """

    synonyms: ClassVar[set[str]] = {"5StarE"}
    is_complex: ClassVar[bool] = True
    entity_shape = ("d",)
    relation_shape: Sequence[str] = ("d", "d", "d", "d")

    def __init__(self, normalization: str = "published", **kwargs: Any) -> None:
        """Initialize the interaction.

        :param normalization: ``"published"``, the query of the authors' code, from which the published figures come;
            or ``"exact"``, the Möbius map of the paper
        :param kwargs: arguments of :class:`~pykeen_conj_hale.nn.query.QueryInteraction`
        :raises ValueError: if the normalization is unknown
        """
        super().__init__(**kwargs)
        self.normalization = check_choice("normalization", normalization, MOEBIUS_MAPS)

    def coefficients(self, r: Sequence[Tensor]) -> Sequence[Tensor]:
        """Build the numbers a, b, c, d of the relation's maps.

        :param r: the relation representations, each of shape ``(*batch_dims, d)``, complex
        :return: a, b, c and d, each of shape ``(*batch_dims, d)``, complex
        """
        return r

    def transform(self, h: Tensor, r: Sequence[Tensor]) -> Tensor:
        r"""Build the query q, the head's image.

        :param h: shape: ``(*batch_dims, d)``, complex
        :param r: the relation representations, each of shape ``(*batch_dims, d)``, complex
        :return: shape: ``(*batch_dims, d)``, complex
        """
        return MOEBIUS_MAPS[self.normalization](h, *self.coefficients(r))

    def relation_factors(self, r: Sequence[Tensor]) -> Iterable[Tensor]:
        r"""List one factor, :math:`\sqrt{|a|^2 + |b|^2 + |c|^2 + |d|^2}`: the four numbers of a dimension together.

        :param r: the relation representations, each of shape ``(*batch_dims, d)``, complex
        :return: one factor of shape ``(*batch_dims, d)``, real
        """
        # PyTorch's gradient of the norm is 0, not NaN, where all four are 0
        return [torch.linalg.vector_norm(torch.stack([*self.coefficients(r)]), dim=0)]

    def extra_repr(self) -> str:
        """Show the options."""
        return f"{super().extra_repr()}, normalization={self.normalization!r}"


class FiveStarE(QueryModel):
    r"""5*E: the head's image under the Möbius map of the relation (Nayyeri et al., 2021).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle q, \bar t\rangle, \qquad
        q = \frac{a h + b}{c h + d}, \qquad h, t, a, b, c, d \in \mathbb{C}^d

    This is ``normalization="exact"``, the map of the paper. The authors' code, from which the published figures come,
    computes another query: the conjugate of this one, divided by :math:`|c h + d|` and not by its square. It is
    ``normalization="published"``, the default:

    .. math::
        q = \frac{\overline{(a h + b)} (c h + d)}{|c h + d|}, \qquad |q| = |a h + b|

    An entity has 2d real parameters, a relation 8d. The paper trains with cross entropy over all entities, reciprocal
    relations (``create_inverse_triples=True``) and the N3 regularizer (``regularizer="N3"``).

    ---
    name: FiveStarE
    citation:
        author: Nayyeri
        year: 2021
        arxiv: 2006.04986
        link: https://arxiv.org/abs/2006.04986
    """

    synonyms: ClassVar[set[str]] = {"5StarE"}
    interaction_class = FiveStarEInteraction
    # a and d start at modulus 1, b and c close to 0: a map is nearly a rotation
    a = Relation(init_phases, option="relation")
    b = Relation(near_zero_, option="relation")
    c = Relation(near_zero_, option="relation")
    d = Relation(init_phases, option="relation")
