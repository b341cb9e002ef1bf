"""DistMult as a query: a scaling of each dimension."""

from torch import Tensor, nn

from ..nn import DistanceQueryModel, Relation


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

    is_diagonal = True
    #: Of variance 1, so that queries start as long as their heads
    relation = Relation(nn.init.normal_)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r`."""
        return h * relation
