"""Similarities Ψ of a query with a target, by name."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from class_resolver import ClassResolver
from torch import Tensor

from ..functional.hyperbolic_distance import hyperbolic_squared_distance
from ..functional.similarity import inner_product, squared_distance
from ..streaming.links import ExponentialLink, Link
from ..streaming.logsumexp import StreamedSimilarity

__all__ = [
    "Dot",
    "ExponentialDistance",
    "HyperbolicDistance",
    "Similarity",
    "SquaredDistance",
    "similarity_resolver",
]


class Similarity(ABC):
    """A similarity of real vectors: the larger, the more similar."""

    #: further names
    synonyms: ClassVar[set[str]] = set()
    #: how the streaming log-sum-exp names it
    streamed: ClassVar[StreamedSimilarity]
    #: the map ψ of the squared distance, for similarities which are minus a function of it
    link: ClassVar[Link | None] = None
    #: whether each query has to bring the curvature of its space
    needs_curvature: ClassVar[bool] = False

    @property
    def is_distance(self) -> bool:
        """Whether it is minus a function of the distance, so that its arguments have to start close to one another."""
        return self.streamed != "dot"

    @abstractmethod
    def __call__(self, query: Tensor, target: Tensor, curvature: Tensor | None = None) -> Tensor:
        """Compare queries with targets.

        :param query: shape: ``(*batch_dims, d)``, real
        :param target: shape: ``(*batch_dims, d)``, real; the batch dimensions broadcast
        :param curvature: shape: the batch dimensions of the queries, positive; only for similarities that need it
        :return: shape: ``batch_dims``
        """

    def __repr__(self) -> str:
        # shows in the model's repr, of which PyKEEN makes the checksum of a checkpoint
        return f"{type(self).__name__}()"


class Dot(Similarity):
    r"""The inner product, of complex vectors :math:`\mathrm{Re}\langle q, \bar t\rangle`."""

    synonyms: ClassVar[set[str]] = {"dot_product", "inner_product"}
    streamed = "dot"

    def __call__(self, query: Tensor, target: Tensor, curvature: Tensor | None = None) -> Tensor:
        """Compare queries with targets; see :meth:`Similarity.__call__`."""
        return inner_product(query, target)


class SquaredDistance(Similarity):
    r"""Minus the squared Euclidean distance :math:`-\|q - t\|^2 \le 0`."""

    synonyms: ClassVar[set[str]] = {"distance", "squared_euclidean_distance"}
    streamed = "squared_distance"

    def __call__(self, query: Tensor, target: Tensor, curvature: Tensor | None = None) -> Tensor:
        """Compare queries with targets; see :meth:`Similarity.__call__`."""
        distance = squared_distance(query, target)
        # in place where nobody needs it for a gradient: one matrix of scores less, and one pass over fresh memory
        return -distance if distance.requires_grad else distance.neg_()


class ExponentialDistance(Similarity):
    r"""RotL's similarity :math:`-\varphi(\|q - t\|) \le 0` with :math:`\varphi(x) = x e^x` (Wang et al., 2021).

    See :class:`~pykeen_conj_hale.streaming.links.ExponentialLink` for what makes it safe at 0 and far away.
    """

    synonyms: ClassVar[set[str]] = {"exponential", "rotl"}
    streamed = "squared_distance"
    link: ClassVar[ExponentialLink] = ExponentialLink()

    def __call__(self, query: Tensor, target: Tensor, curvature: Tensor | None = None) -> Tensor:
        """Compare queries with targets; see :meth:`Similarity.__call__`."""
        return -self.link(squared_distance(query, target))


class HyperbolicDistance(Similarity):
    r"""Minus the squared hyperbolic distance :math:`-d_c(q, t)^2 \le 0`, the similarity of RotH (Chami et al., 2020).

    Queries and targets are tangent vectors at the origin of the Poincaré ball of curvature :math:`-c`, and c is the
    query's. See :mod:`~pykeen_conj_hale.functional.hyperbolic_distance`.
    """

    synonyms: ClassVar[set[str]] = {"hyperbolic", "poincare"}
    streamed = "hyperbolic_distance"
    needs_curvature: ClassVar[bool] = True

    def __call__(self, query: Tensor, target: Tensor, curvature: Tensor | None = None) -> Tensor:
        """Compare queries with targets; see :meth:`Similarity.__call__`."""
        if curvature is None:
            raise ValueError("curvature=None is not allowed: the hyperbolic distance needs that of each query's space.")
        return -hyperbolic_squared_distance(query, target, curvature)


#: Similarities by name
similarity_resolver: ClassResolver[Similarity] = ClassResolver(
    [Dot, SquaredDistance, ExponentialDistance, HyperbolicDistance],
    base=Similarity,  # type: ignore[type-abstract]
    default=Dot,
)
