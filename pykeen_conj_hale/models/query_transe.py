"""TransE as a query: a translation."""

from torch import Tensor

from ..nn import DistanceQueryModel, Relation, normal_entities_


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

    relation = Relation(normal_entities_)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h + r`."""
        return h + relation
