"""RefE: a reflection and a translation."""

from torch import Tensor

from ..nn import DIRECTIONS, DistanceQueryModel, Relation, givens_reflection, normal_entities_


class RefE(DistanceQueryModel):
    r"""Reflections and translations in Euclidean space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Ref}(r)\, h + r' - t\|^2, \qquad h, t, r, r' \in \mathbb{R}^d,\ c_r > 0

    A reflection is its own inverse, which suits symmetric relations; see :mod:`~pykeen_conj_hale.functional.rotation`.
    The defaults are those of HaLE, a scale per relation.
    ``relation_scale=False, head_bias=True, tail_bias=True`` is the original.

    ---
    name: RefE
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    even_dimension = "reflections turn pairs"
    reflection = DIRECTIONS
    translation = Relation(normal_entities_)

    @staticmethod
    def transform(h: Tensor, reflection: Tensor, translation: Tensor) -> Tensor:
        r"""Build the query :math:`\mathrm{Ref}(r)\, h + r'`."""
        return givens_reflection(h, reflection) + translation
