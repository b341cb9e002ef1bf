"""RotatE as a query: a rotation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any

import torch
from pykeen.nn.init import init_phases
from pykeen.typing import Hint, Initializer

from ..nn.query_rotate import QueryRotatEInteraction
from .distance import DistanceQueryModel

__all__ = ["QueryRotatE"]


class QueryRotatE(DistanceQueryModel):
    r"""RotatE under HaLE's squared distance (Sun et al., 2019).

    .. math::
        f(h, r, t) = -c_r \|h \odot r / |r| - t\|^2, \qquad h, r, t \in \mathbb{C}^d,\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    Without the scale it is minus the square of :class:`pykeen.models.RotatE`, and scores all tails by a matrix product.
    Relations are normalised in the interaction, not constrained after each step.

    ---
    name: QueryRotatE
    citation:
        author: Sun
        year: 2019
        arxiv: 1902.10197
        link: https://arxiv.org/abs/1902.10197
        github: DeepGraphLearning/KnowledgeGraphEmbedding
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 32,
        relation_initializer: Hint[Initializer] = init_phases,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the number d of complex dimensions of entities and relations: 2d real parameters each
        :param relation_initializer: the initializer of relations; random phases by default. It must not give 0,
            which stays the identity.
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.distance.DistanceQueryModel`
        """
        super().__init__(
            interaction=QueryRotatEInteraction,
            entity_representations_kwargs=dict(shape=embedding_dim, dtype=torch.cfloat),
            relation_representations_kwargs=[
                dict(
                    shape=embedding_dim,
                    dtype=torch.cfloat,
                    initializer=relation_initializer,
                    initializer_kwargs=relation_initializer_kwargs,
                    # normalised in the interaction: there is nothing to regularise
                    regularizer=None,
                )
            ],
            **kwargs,
        )
