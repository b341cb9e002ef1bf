"""5*E: relations as Möbius maps, the projective transformations of the complex line."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pykeen.nn.init import init_phases
from pykeen.typing import Hint, Initializer
from torch import nn

from ..nn.five_star_e import FiveStarEInteraction
from .base import QueryModel

__all__ = ["FiveStarE", "moebius_number"]


class FiveStarE(QueryModel):
    r"""5*E: the head's image under the Möbius map of the relation (Nayyeri et al., 2021).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle q, \bar t\rangle, \qquad
        q = \frac{a h + b}{c h + d}, \qquad h, t, a, b, c, d \in \mathbb{C}^d

    ``normalization="published"``, the default, computes q as the authors' code does, from which the published figures
    come: :math:`\overline{(a h + b)} (c h + d) / |c h + d|`. ``normalization="exact"`` is the map of the paper, as
    above. The paper trains with cross entropy over all entities, reciprocal relations
    (``create_inverse_triples=True``) and the N3 regularizer (``regularizer="N3"``).

    ---
    name: 5*E
    citation:
        author: Nayyeri
        year: 2021
        arxiv: 2006.04986
        link: https://arxiv.org/abs/2006.04986
    """

    synonyms: ClassVar[set[str]] = {"5StarE"}

    def __init__(
        self,
        *,
        embedding_dim: int = 200,
        normalization: str = "published",
        relation_initializer: Hint[Initializer] = None,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the number d of complex dimensions; an entity has 2d real parameters, a relation 8d
        :param normalization: ``"published"`` or ``"exact"``
        :param relation_initializer: the initializer of a, b, c and d; by default a and d are numbers of modulus 1 with
            random phases, b and c close to 0, so that a map is nearly a rotation
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.base.QueryModel`
        :raises ValueError: if ``normalization`` is unknown
        """
        super().__init__(
            interaction=FiveStarEInteraction,
            interaction_kwargs=dict(normalization=normalization),
            entity_representations_kwargs=dict(shape=embedding_dim, dtype=torch.cfloat),
            relation_representations_kwargs=[
                moebius_number(embedding_dim, name in "ad", relation_initializer, relation_initializer_kwargs)
                for name in "abcd"
            ],
            **kwargs,
        )


def moebius_number(
    embedding_dim: int, phases: bool, initializer: Hint[Initializer], initializer_kwargs: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Describe the embedding of one of the numbers a, b, c, d of the relations' maps.

    :param embedding_dim: the number of complex dimensions
    :param phases: whether it starts at modulus 1 by default, rather than close to 0
    :param initializer: the initializer which replaces that default
    :param initializer_kwargs: its arguments
    :return: arguments of an embedding
    """
    if initializer is None:
        initializer, initializer_kwargs = (init_phases, None) if phases else (nn.init.normal_, dict(std=0.01))
    return dict(shape=embedding_dim, dtype=torch.cfloat, initializer=initializer, initializer_kwargs=initializer_kwargs)
