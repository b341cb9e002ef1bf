"""RotL: a rotation and a flexible addition."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any

from pykeen.typing import Hint, Initializer
from torch import nn

from ..nn.init import random_rotations_
from ..nn.rotl import RotLInteraction
from .base import normal_entities_
from .distance import DistanceQueryModel

__all__ = ["RotL"]


class RotL(DistanceQueryModel):
    r"""Rotations and flexible additions in Euclidean space (Wang et al., 2021).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r)\, h \oplus_\alpha r' - t\|^2, \qquad
        x \oplus_\alpha y = \frac{\alpha (x + y)}{1 + \langle x, y\rangle}, \qquad
        h, t, r, r' \in \mathbb{R}^d,\ \alpha \in \mathbb{R},\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    RotL's own is ``similarity="exponential_distance"``, :math:`-\varphi(\|q - t\|)` with :math:`\varphi(x) = x e^x`.
    The factor α of a relation starts at 1.

    ---
    name: RotL
    citation:
        author: Wang
        year: 2021
        arxiv: 2103.14930
        link: https://arxiv.org/abs/2103.14930
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 32,
        rotation_initializer: Hint[Initializer] = random_rotations_,
        rotation_initializer_kwargs: Mapping[str, Any] | None = None,
        translation_initializer: Hint[Initializer] = normal_entities_,
        translation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the dimension d of entities, even; a relation has 2d + 1 parameters, and its scale
        :param rotation_initializer: the initializer of the relations' rotations; random angles by default. It must not
            give pairs (0, 0), which stay the identity.
        :param rotation_initializer_kwargs: its arguments
        :param translation_initializer: the initializer of the relations' translations; that of entities by default
        :param translation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.distance.DistanceQueryModel`
        :raises ValueError: if ``embedding_dim`` is odd or not positive
        """
        if embedding_dim < 2 or embedding_dim % 2:
            raise ValueError(f"embedding_dim={embedding_dim} must be even and at least 2: rotations turn pairs.")
        super().__init__(
            interaction=RotLInteraction,
            entity_representations_kwargs=dict(shape=embedding_dim),
            relation_representations_kwargs=[
                # normalised in the interaction: there is nothing to regularise
                dict(
                    shape=embedding_dim,
                    initializer=rotation_initializer,
                    initializer_kwargs=rotation_initializer_kwargs,
                    regularizer=None,
                ),
                dict(
                    shape=embedding_dim,
                    initializer=translation_initializer,
                    initializer_kwargs=translation_initializer_kwargs,
                ),
                dict(shape=(), initializer=nn.init.ones_, regularizer=None),
            ],
            **kwargs,
        )
