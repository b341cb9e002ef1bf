"""TransE as a query: a translation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any

from pykeen.typing import Hint, Initializer

from ..nn.query_transe import QueryTransEInteraction
from .base import normal_entities_
from .distance import DistanceQueryModel

__all__ = ["QueryTransE"]


class QueryTransE(DistanceQueryModel):
    r"""TransE under HaLE's squared distance (Bordes et al., 2013).

    .. math::
        f(h, r, t) = -c_r \|h + r - t\|^2, \qquad h, r, t \in \mathbb{R}^d,\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    Without the scale it is :class:`pykeen.models.TransE` with ``scoring_fct_norm=2, power_norm=True``, and scores all
    tails by a matrix product.

    ---
    name: QueryTransE
    citation:
        author: Bordes
        year: 2013
        link: https://papers.nips.cc/paper/5071-translating-embeddings-for-modeling-multi-relational-data.pdf
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 32,
        relation_initializer: Hint[Initializer] = normal_entities_,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the dimension d of entities and relations
        :param relation_initializer: the initializer of relations; that of entities by default
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.distance.DistanceQueryModel`
        """
        super().__init__(
            interaction=QueryTransEInteraction,
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
