"""ConjComplEx: ComplEx whose relations share parameters by conjugation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping
from typing import Any

import torch
from pykeen.nn.init import init_phases
from pykeen.typing import Hint, Initializer

from ..nn.conj_complex import ConjComplExInteraction
from .base import QueryModel

__all__ = ["ConjComplEx"]


class ConjComplEx(QueryModel):
    r"""ComplEx with conjugate-shared relations: half the relation memory (Feng et al., 2022).

    .. math::
        f(h, r, t) = \mathrm{Re}\langle h \odot [r', \overline{r'}], \bar t\rangle, \qquad
        h, t \in \mathbb{C}^d,\ r' \in \mathbb{C}^{d/2}

    With tied weights, r = [r', conj(r')], it equals :class:`pykeen.models.ComplEx`. The paper trains it with cross
    entropy over all entities and reciprocal relations (``create_inverse_triples=True``).

    ---
    name: ConjComplEx
    citation:
        author: Feng
        year: 2022
        arxiv: 2404.11809
        link: https://arxiv.org/abs/2404.11809
    """

    def __init__(
        self,
        *,
        embedding_dim: int = 200,
        relation_initializer: Hint[Initializer] = init_phases,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the model.

        :param embedding_dim: the number d of complex dimensions of an entity, even; an entity has 2d real parameters, a
            relation d
        :param relation_initializer: the initializer of relations; by default numbers of modulus 1 with random phases,
            so that a query is as long as its head
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.base.QueryModel`
        :raises ValueError: if ``embedding_dim`` is odd or not positive
        """
        if embedding_dim < 2 or embedding_dim % 2:
            raise ValueError(
                f"embedding_dim={embedding_dim} must be even and at least 2: half of a relation is the conjugate of "
                "the other half."
            )
        super().__init__(
            interaction=ConjComplExInteraction,
            entity_representations_kwargs=dict(shape=embedding_dim, dtype=torch.cfloat),
            relation_representations_kwargs=[
                dict(
                    shape=embedding_dim // 2,
                    dtype=torch.cfloat,
                    initializer=relation_initializer,
                    initializer_kwargs=relation_initializer_kwargs,
                )
            ],
            **kwargs,
        )
