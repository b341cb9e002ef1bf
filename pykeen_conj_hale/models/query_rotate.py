"""RotatE as a query: a rotation."""

from torch import Tensor

from ..nn import DistanceQueryModel, Relation, init_phases, unit_modulus


class QueryRotatE(DistanceQueryModel):
    r"""RotatE under HaLE's squared distance (Sun et al., 2019).

    .. math::
        f(h, r, t) = -c_r \|h \odot r / |r| - t\|^2, \qquad h, r, t \in \mathbb{C}^d,\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    Without the scale it is minus the square of :class:`pykeen.models.RotatE`, and scores all tails by a matrix product.
    Relations are normalised in the transform, not constrained after each step.

    ---
    name: QueryRotatE
    citation:
        author: Sun
        year: 2019
        arxiv: 1902.10197
        link: https://arxiv.org/abs/1902.10197
        github: DeepGraphLearning/KnowledgeGraphEmbedding
    """

    is_complex = True
    #: An initializer must not give 0, which stays the identity. A modulus of 1 leaves nothing to regularize.
    relation = Relation(init_phases, is_factor=False)

    @staticmethod
    def transform(h: Tensor, relation: Tensor) -> Tensor:
        r"""Build the query :math:`h \odot r / |r|`."""
        return h * unit_modulus(relation)
