"""Conj5*E: 5*E whose relations share parameters by conjugation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pykeen.typing import Hint, Initializer

from ..nn.conj_five_star_e import ConjFiveStarEInteraction
from .base import QueryModel
from .five_star_e import moebius_number

__all__ = ["ConjFiveStarE"]


class ConjFiveStarE(QueryModel):
    r"""5*E with conjugate-shared relations: half the relation memory (Feng, 2022).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle q, \bar t\rangle, \qquad
        q = \frac{a h + b}{\bar b h + \bar a}, \qquad h, t, a, b \in \mathbb{C}^d

    This is ``variant="conjugate"``; the paper's others are *negative* (:math:`c = -\bar b, d = \bar a`), *horizontal*
    (:math:`b = \bar a, d = \bar c`) and *vertical* (:math:`c = \bar a, d = \bar b`). With tied weights it equals
    :class:`~pykeen_conj_hale.models.FiveStarE`, whose ``normalization`` it shares: ``"published"``, the query of the
    authors' code, from which the published figures come, or ``"exact"``, the formula above. The paper trains with
    cross entropy over all entities, reciprocal relations (``create_inverse_triples=True``) and the N3 regularizer
    (``regularizer="N3"``).

    ---
    name: Conj5*E
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    synonyms: ClassVar[set[str]] = {"Conj5StarE"}

    def __init__(
        self,
        *,
        embedding_dim: int = 200,
        variant: str = "conjugate",
        normalization: str = "published",
        relation_initializer: Hint[Initializer] = None,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the number d of complex dimensions; an entity has 2d real parameters, a relation 4d
        :param variant: ``"conjugate"``, ``"negative"``, ``"horizontal"`` or ``"vertical"``
        :param normalization: ``"published"`` or ``"exact"``
        :param relation_initializer: the initializer of the two numbers; by default those which are shared with a or d
            are of modulus 1 with random phases, the others close to 0, so that a map is nearly a rotation (with
            *horizontal* and *vertical* all four have the same modulus, and it is not)
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.base.QueryModel`
        :raises ValueError: if ``variant`` or ``normalization`` is unknown
        """
        # the first number is a; the second one is d's conjugate in these variants, else b
        phases = (True, variant in ("horizontal", "vertical"))
        super().__init__(
            interaction=ConjFiveStarEInteraction,
            interaction_kwargs=dict(variant=variant, normalization=normalization),
            entity_representations_kwargs=dict(shape=embedding_dim, dtype=torch.cfloat),
            relation_representations_kwargs=[
                moebius_number(embedding_dim, start, relation_initializer, relation_initializer_kwargs)
                for start in phases
            ],
            **kwargs,
        )
