"""RefH: a reflection and a translation in hyperbolic space."""

from torch import Tensor

from ..functional.hyperbolic import exponential_map, logarithmic_map, moebius_addition
from ..nn import CURVATURE, DIRECTIONS, HyperbolicQueryModel, Relation, givens_reflection, normal_tangents_


class RefH(HyperbolicQueryModel):
    r"""Reflections and translations in hyperbolic space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r\, d_{k_r}(q, \exp_0 t)^2, \qquad q = \exp_0(\mathrm{Ref}(r)\, h) \oplus \exp_0 r', \qquad
        h, t, r, r' \in \mathbb{R}^d,\ c_r, k_r > 0

    in the Poincaré ball of curvature :math:`-k_r`; see :mod:`~pykeen_conj_hale.functional.hyperbolic`. The defaults are
    those of HaLE, a scale per relation.
    ``relation_scale=False, head_bias=True, tail_bias=True`` is the original's score. Its curvature starts at 1.31, that
    of this model at 1.

    ---
    name: RefH
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    even_dimension = "reflections turn pairs"
    reflection = DIRECTIONS
    translation = Relation(normal_tangents_)
    curvature = CURVATURE

    @staticmethod
    def transform(h: Tensor, reflection: Tensor, translation: Tensor, curvature: Tensor) -> Tensor:
        r"""Build the query q as a tangent vector, :math:`\log_0 q`."""
        # a reflection commutes with the map, as it keeps norms
        x = exponential_map(givens_reflection(h, reflection), curvature)
        return logarithmic_map(moebius_addition(x, exponential_map(translation, curvature), curvature), curvature)
