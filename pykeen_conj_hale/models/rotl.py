"""RotL: a rotation and a flexible addition."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import nn

from ..nn.query import QueryInteraction
from ..nn.rotl import RotLInteraction
from .rote import RotE

__all__ = ["RotL"]


class RotL(RotE):
    r"""Rotations and flexible additions in Euclidean space (Wang et al., 2021).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r)\, h \oplus_\alpha r' - t\|^2, \qquad
        x \oplus_\alpha y = \frac{\alpha (x + y)}{1 + \langle x, y\rangle}, \qquad
        h, t, r, r' \in \mathbb{R}^d,\ \alpha \in \mathbb{R},\ c_r > 0

    It is RotE with the flexible addition in place of the addition, and takes the same arguments. The defaults are those
    of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation. RotL's own is
    ``similarity="exponential_distance"``, :math:`-\varphi(\|q - t\|)` with :math:`\varphi(x) = x e^x`. The factor α
    of a relation starts at 1.

    ---
    name: RotL
    citation:
        author: Wang
        year: 2021
        arxiv: 2103.14930
        link: https://arxiv.org/abs/2103.14930
    """

    interaction_class: ClassVar[type[QueryInteraction]] = RotLInteraction
    #: The factor α
    further_relation_representations: ClassVar[Sequence[Mapping[str, Any]]] = (
        dict(shape=(), initializer=nn.init.ones_, regularizer=None),
    )
