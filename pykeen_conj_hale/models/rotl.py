"""RotL: a rotation and a flexible addition."""

from torch import Tensor, nn

from ..functional.flexible_addition import flexible_addition
from ..nn import DIRECTIONS, DistanceQueryModel, Relation, givens_rotation, normal_entities_


class RotL(DistanceQueryModel):
    r"""Rotations and flexible additions in Euclidean space (Wang et al., 2021).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r)\, h \oplus_\alpha r' - t\|^2, \qquad
        x \oplus_\alpha y = \frac{\alpha (x + y)}{1 + \langle x, y\rangle}, \qquad
        h, t, r, r' \in \mathbb{R}^d,\ \alpha \in \mathbb{R},\ c_r > 0

    It is RotE with the flexible addition in place of the addition; what happens near its pole:
    :mod:`~pykeen_conj_hale.functional.flexible_addition`. The defaults are those of HaLE
    (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation. RotL's own is
    ``similarity="exponential_distance"``, :math:`-\varphi(\|q - t\|)` with :math:`\varphi(x) = x e^x`.

    ---
    name: RotL
    citation:
        author: Wang
        year: 2021
        arxiv: 2103.14930
        link: https://arxiv.org/abs/2103.14930
    """

    even_dimension = "rotations turn pairs"
    rotation = DIRECTIONS
    translation = Relation(normal_entities_)
    alpha = Relation(nn.init.ones_, shape="", is_factor=False)

    @staticmethod
    def transform(h: Tensor, rotation: Tensor, translation: Tensor, alpha: Tensor) -> Tensor:
        r"""Build the query :math:`\mathrm{Givens}(r)\, h \oplus_\alpha r'`."""
        return flexible_addition(givens_rotation(h, rotation), translation, alpha)
