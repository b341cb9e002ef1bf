"""AttH: attention between a rotation and a reflection, and a translation in hyperbolic space."""

from torch import Tensor

from ..functional.attention import attend
from ..functional.hyperbolic import exponential_map, logarithmic_map, moebius_addition
from ..nn import (
    CURVATURE,
    DIRECTIONS,
    HyperbolicQueryModel,
    Relation,
    givens_reflection,
    givens_rotation,
    near_zero_,
    normal_tangents_,
)


class AttH(HyperbolicQueryModel):
    r"""Attention between rotations and reflections in hyperbolic space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r\, d_{k_r}(q, \exp_0 t)^2, \qquad
        q = \exp_0(\mathrm{Att}(\mathrm{Rot}(p)\, h, \mathrm{Ref}(s)\, h; a)) \oplus \exp_0 r', \qquad
        h, t, p, s, a, r' \in \mathbb{R}^d,\ c_r, k_r > 0

    in the Poincaré ball of curvature :math:`-k_r`; see :mod:`~pykeen_conj_hale.functional.hyperbolic`. The attention of
    :func:`~pykeen_conj_hale.functional.attention.attend` is that of tangent vectors. The defaults are those of HaLE, a
    scale per relation.
    ``relation_scale=False, head_bias=True, tail_bias=True`` is the original's score. Its curvature starts at 1.31, that
    of this model at 1.

    ---
    name: AttH
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    even_dimension = "rotations and reflections turn pairs"
    rotation = DIRECTIONS
    reflection = DIRECTIONS
    context = Relation(near_zero_, is_factor=False)
    translation = Relation(normal_tangents_)
    curvature = CURVATURE

    @staticmethod
    def transform(
        h: Tensor, rotation: Tensor, reflection: Tensor, context: Tensor, translation: Tensor, curvature: Tensor
    ) -> Tensor:
        r"""Build the query q as a tangent vector, :math:`\log_0 q`."""
        attended = attend(givens_rotation(h, rotation), givens_reflection(h, reflection), context)
        x, y = exponential_map(attended, curvature), exponential_map(translation, curvature)
        return logarithmic_map(moebius_addition(x, y, curvature), curvature)
