"""CP as a query: a scaling of each dimension, and another vector of an entity as a tail."""

from torch import Tensor, nn

from ..nn import QueryModel, Relation


class QueryCP(QueryModel):
    r"""The canonical polyadic decomposition (CP; Hitchcock, 1927), as Lacroix et al. (2018) train it.

    .. math::
        f(h, r, t) = \langle h \odot r, t'\rangle, \qquad h, r, t' \in \mathbb{R}^d

    An entity has two vectors, h as head and t' as tail: 2d parameters. What one learns says nothing of the other, so
    that CP needs reciprocal relations (``create_inverse_triples=True``), by which each triple trains both. It is
    :class:`pykeen.models.CP` of rank 1 with the options of query models.

    ---
    name: QueryCP
    citation:
        author: Lacroix
        year: 2018
        arxiv: 1806.07297
        link: https://arxiv.org/abs/1806.07297
        github: facebookresearch/kbc
    """

    has_tail_vectors = True
    is_diagonal = True
    #: Of variance 1, so that queries start as long as their heads
    relation = Relation(nn.init.normal_)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r`."""
        return h * relation
