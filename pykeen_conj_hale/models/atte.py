"""AttE: attention between a rotation and a reflection, and a translation."""

from torch import Tensor

from ..functional.attention import attend
from ..nn import (
    DIRECTIONS,
    DistanceQueryModel,
    Relation,
    givens_reflection,
    givens_rotation,
    near_zero_,
    normal_entities_,
)


class AttE(DistanceQueryModel):
    r"""Attention between rotations and reflections in Euclidean space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Att}(\mathrm{Rot}(p)\, h, \mathrm{Ref}(s)\, h; a) + r' - t\|^2, \qquad
        h, t, p, s, a, r' \in \mathbb{R}^d,\ c_r > 0

    with the attention of :func:`~pykeen_conj_hale.functional.attention.attend`, whose context is a. The defaults are
    those of HaLE, a scale per relation. ``relation_scale=False, head_bias=True, tail_bias=True`` is the original.

    ---
    name: AttE
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
    translation = Relation(normal_entities_)

    @staticmethod
    def transform(h: Tensor, rotation: Tensor, reflection: Tensor, context: Tensor, translation: Tensor) -> Tensor:
        r"""Build the query :math:`\mathrm{Att}(\mathrm{Rot}(p)\, h, \mathrm{Ref}(s)\, h; a) + r'`."""
        return attend(givens_rotation(h, rotation), givens_reflection(h, reflection), context) + translation
