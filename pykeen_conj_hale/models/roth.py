"""RotH: a rotation between two translations in hyperbolic space."""

from torch import Tensor

from ..functional.hyperbolic import exponential_map, logarithmic_map, moebius_addition
from ..nn import CURVATURE, DIRECTIONS, HyperbolicQueryModel, Relation, givens_rotation, normal_tangents_


class RotH(HyperbolicQueryModel):
    r"""Rotations and translations in hyperbolic space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r\, d_{k_r}(q, \exp_0 t)^2, \qquad
        q = \mathrm{Givens}(r)\, (\exp_0 h \oplus \exp_0 r') \oplus \exp_0 r'', \qquad
        h, t, r, r', r'' \in \mathbb{R}^d,\ c_r, k_r > 0

    with the Möbius addition, exponential map and distance of the Poincaré ball of curvature :math:`-k_r`; see
    :mod:`~pykeen_conj_hale.functional.hyperbolic`. The paper adds :math:`r''` only, the authors' code both. The
    defaults are those of HaLE, a scale per relation.
    ``relation_scale=False, head_bias=True, tail_bias=True`` is the original's score. Its curvature starts at 1.31, that
    of this model at 1.

    ---
    name: RotH
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    even_dimension = "rotations turn pairs"
    first_translation = Relation(normal_tangents_, option="translation")
    rotation = DIRECTIONS
    translation = Relation(normal_tangents_)
    curvature = CURVATURE

    @staticmethod
    def transform(
        h: Tensor, first_translation: Tensor, rotation: Tensor, translation: Tensor, curvature: Tensor
    ) -> Tensor:
        r"""Build the query q as a tangent vector, :math:`\log_0 q`."""
        x, first, second = (exponential_map(v, curvature) for v in (h, first_translation, translation))
        rotated = givens_rotation(moebius_addition(x, first, curvature), rotation)
        return logarithmic_map(moebius_addition(rotated, second, curvature), curvature)
