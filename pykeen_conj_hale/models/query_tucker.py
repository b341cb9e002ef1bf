"""TuckER as a query: each relation has a matrix, mixed of few that all relations share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..checks import check_number, check_whole
from ..functional.mixed_map import mixed_map
from ..nn import DistanceQueryModel, QueryInteraction, Relation, normal_entities_

__all__ = ["QueryTuckER", "QueryTuckERInteraction"]


class QueryTuckERInteraction(QueryInteraction):
    """The interaction of :class:`QueryTuckER`."""

    entity_shape = ("d",)
    relation_shape = ("k", "d")
    similarity_default = "squared_distance"

    def __init__(
        self, embedding_dim: int = 32, num_matrices: int = 16, query_dropout: float = 0.0, **kwargs: Any
    ) -> None:
        """Initialize the interaction.

        :param embedding_dim: the dimension d of entities, ≥ 1
        :param num_matrices: the number K of shared matrices, ≥ 1
        :param query_dropout: the dropout of the query, in [0, 1)
        :param kwargs: the options of :class:`~pykeen_conj_hale.nn.query.QueryInteraction`
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(**kwargs)
        check_whole("embedding_dim", embedding_dim)
        check_whole("num_matrices", num_matrices)
        self.matrices = nn.Parameter(torch.empty(num_matrices, embedding_dim, embedding_dim))
        self.query_dropout = nn.Dropout(check_number("query_dropout", query_dropout, minimum=0, below=1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw small matrices, so that the query starts close to head plus translation."""
        nn.init.normal_(self.matrices, std=0.01)

    def transform(self, h: Tensor, r: tuple[Tensor, Tensor]) -> Tensor:
        r"""Build the query :math:`h + h \sum_k r_k W_k + r'`.

        :param h: shape: ``(*batch_dims, d)``
        :param r: shapes: ``(*batch_dims, K)``, the mixture; ``(*batch_dims, d)``, the translation; they broadcast
        :return: shape: ``(*batch_dims, d)``
        """
        mixture, translation = r
        # one number tells two relations apart that have the same mixture
        mapped = mixed_map(h, mixture, self.matrices, translation[..., :1])
        query: Tensor = self.query_dropout(h + mapped + translation)
        return query

    def extra_repr(self) -> str:
        """Show the options."""
        return f"num_matrices={len(self.matrices)}, {super().extra_repr()}"


def _num_matrices(num_matrices: int, **options: Any) -> int:
    return num_matrices


def _normal_mixture_(mixture: Tensor) -> Tensor:
    """Draw mixtures whose squared length is 1 in the mean."""
    return nn.init.normal_(mixture, std=mixture.shape[-1] ** -0.5)


class QueryTuckER(DistanceQueryModel):
    r"""TuckER (Balažević et al., 2019) under HaLE's squared distance, with a translation.

    .. math::
        f(h, r, t) = -c_r \|h + h \sum_{k=1}^K r_k W_k + r' - t\|^2, \qquad
        h, t, r' \in \mathbb{R}^d,\ r \in \mathbb{R}^K,\ W_k \in \mathbb{R}^{d \times d},\ c_r > 0

    The matrices are TuckER's core tensor. Where K is the number of relations (twice that with inverse ones), each
    relation may have any matrix. All dimensions of the head reach all of the query, which entities composed of words
    need: a word means one thing in a name and another in a description. ``similarity="dot"`` is TuckER with the
    identity added.

    ---
    name: QueryTuckER
    citation:
        author: Balažević
        year: 2019
        arxiv: 1901.09590
        link: https://arxiv.org/abs/1901.09590
        github: ibalazevic/TuckER
    """

    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        embedding_dim=dict(type=int, low=16, high=256, q=16),
        num_matrices=dict(type=int, low=3, high=6, scale="power_two"),
        query_dropout=dict(type=float, low=0.0, high=0.5, q=0.1),
    )
    mixture = Relation(_normal_mixture_, shape="k", size=_num_matrices, is_factor=False)
    translation = Relation(normal_entities_)
    interaction_class = QueryTuckERInteraction
