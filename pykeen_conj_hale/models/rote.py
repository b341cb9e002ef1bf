"""RotE: a rotation and a translation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pykeen.typing import Hint, Initializer

from ..nn.init import random_rotations_
from ..nn.query import QueryInteraction
from ..nn.rote import RotEInteraction
from .base import normal_entities_
from .distance import DistanceQueryModel

__all__ = ["RotE"]


class RotE(DistanceQueryModel):
    r"""Rotations and translations in Euclidean space (Chami et al., 2020).

    .. math::
        f(h, r, t) = -c_r \|\mathrm{Givens}(r)\, h + r' - t\|^2, \qquad h, t, r, r' \in \mathbb{R}^d,\ c_r > 0

    The defaults are those of HaLE (https://arxiv.org/abs/2201.00565): the squared distance with a scale per relation.
    The original has biases of head and tail instead; ``relation_scale=False, tail_bias=True`` is its tail prediction.

    ---
    name: RotE
    citation:
        author: Chami
        year: 2020
        arxiv: 2005.00545
        link: https://arxiv.org/abs/2005.00545
        github: HazyResearch/KGEmb
    """

    #: The interaction
    interaction_class: ClassVar[type[QueryInteraction]] = RotEInteraction
    #: Representations of relations beyond rotation and translation
    further_relation_representations: ClassVar[Sequence[Mapping[str, Any]]] = ()

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

        :param embedding_dim: the dimension d of entities, even; a relation has 2d parameters (RotL's one more), and its
            scale
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
            interaction=self.interaction_class,
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
                *self.further_relation_representations,
            ],
            **kwargs,
        )
