"""DistMult as a query: a scaling of each dimension."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any

from pykeen.typing import Hint, Initializer
from torch import nn

from ..nn.query_distmult import QueryDistMultInteraction
from .distance import DistanceQueryModel

__all__ = ["QueryDistMult"]


class QueryDistMult(DistanceQueryModel):
    r"""DistMult under HaLE's squared distance (Yang et al., 2014).

    .. math::
        f(h, r, t) = -c_r \|h \odot r - t\|^2, \qquad h, r, t \in \mathbb{R}^d,\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    ``similarity="dot", relation_scale=False`` is :class:`pykeen.models.DistMult`.

    ---
    name: QueryDistMult
    citation:
        author: Yang
        year: 2014
        arxiv: 1412.6575
        link: https://arxiv.org/abs/1412.6575
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 32,
        relation_initializer: Hint[Initializer] = nn.init.normal_,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param embedding_dim: the dimension d of entities and relations
        :param relation_initializer: the initializer of relations; by default :math:`\mathcal{N}(0, 1)`, so that queries
            start as long as their heads
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.distance.DistanceQueryModel`
        """
        super().__init__(
            interaction=QueryDistMultInteraction,
            entity_representations_kwargs=dict(shape=embedding_dim),
            relation_representations_kwargs=[
                dict(
                    shape=embedding_dim,
                    initializer=relation_initializer,
                    initializer_kwargs=relation_initializer_kwargs,
                )
            ],
            **kwargs,
        )
