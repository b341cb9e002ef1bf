"""RotE: a rotation and a translation."""

from torch import Tensor

from ..nn import DIRECTIONS, DistanceQueryModel, Relation, givens_rotation, normal_entities_


class RotE(DistanceQueryModel):
    r"""Rotations and translations in Euclidean space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r)\, h + r' - t\|^2, \qquad h, t, r, r' \in \mathbb{R}^d,\ c_r > 0

    The rotation's parameters r are normalised in the transform; see :mod:`~pykeen_conj_hale.functional.rotation`. The
    defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation. The
    original has biases instead: ``relation_scale=False, head_bias=True, tail_bias=True``.

    ---
    name: RotE
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    even_dimension = "rotations turn pairs"
    rotation = DIRECTIONS
    translation = Relation(normal_entities_)

    @staticmethod
    def transform(h: Tensor, rotation: Tensor, translation: Tensor) -> Tensor:
        r"""Build the query :math:`\mathrm{Givens}(r)\, h + r'`."""
        return givens_rotation(h, rotation) + translation
