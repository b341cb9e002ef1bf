"""Rot2L: two layers of a rotation and a flexible addition."""

import math
from dataclasses import replace

from torch import Tensor, nn

from ..functional.flexible_addition import flexible_addition
from ..nn import DIRECTIONS, DistanceQueryModel, Relation, givens_rotation, normal_entities_


def half_entities_(tensor: Tensor) -> Tensor:
    """Initialize translations such that the sum of two is as long as an entity, and the first distances no longer.

    :param tensor: shape: ``(num_relations, d)``, real; filled in place
    :return: the tensor
    """
    return normal_entities_(tensor, std=math.sqrt(0.16 / tensor[0].numel()))


class Rot2L(DistanceQueryModel):
    r"""Two layers of rotations and flexible additions in Euclidean space, after Wang et al. (2021).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r_2)\, x \oplus_{\alpha_2} r_2' - t\|^2, \qquad
        x = \mathrm{Givens}(r_1)\, h \oplus_{\alpha_1} r_1'

    Each layer is that of :class:`~pykeen_conj_hale.models.RotL`. All parameters are a relation's own: the paper's
    sharing of parameters between relations, by which its Rot2L has fewer of them than RotH, is not made here.

    ---
    name: Rot2L
    citation:
        author: Wang
        year: 2021
        arxiv: 2103.14930
        link: https://arxiv.org/abs/2103.14930
    """

    even_dimension = "rotations turn pairs"
    rotation = DIRECTIONS
    translation = Relation(half_entities_)
    alpha = Relation(nn.init.ones_, shape="", is_factor=False)
    second_rotation = replace(DIRECTIONS, option="rotation")
    second_translation = Relation(half_entities_, option="translation")
    second_alpha = Relation(nn.init.ones_, shape="", is_factor=False, option="alpha")

    @staticmethod
    def transform(
        h: Tensor,
        rotation: Tensor,
        translation: Tensor,
        alpha: Tensor,
        second_rotation: Tensor,
        second_translation: Tensor,
        second_alpha: Tensor,
    ) -> Tensor:
        r"""Build the query, the second layer's image of the first one's."""
        x = flexible_addition(givens_rotation(h, rotation), translation, alpha)
        return flexible_addition(givens_rotation(x, second_rotation), second_translation, second_alpha)
