r"""Maps of a chunk's block, for similarities that are more than one inner product.

A block of products :math:`p_{ij} = \langle a_i, \hat e_j\rangle` becomes :math:`\psi_{ij}`, and the argument of the
activation is :math:`x_{ij} = c_i \psi_{ij} - b_j - b'_i`. What depends on the query alone are the columns of one
matrix, the *rows*: the scale c, the offset b', and what the map itself needs.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..functional.hyperbolic_distance import norms, query_factors
from .links import Link
from .passes import Passes

__all__ = ["BlockMap", "HyperbolicMap", "LinkMap"]


class BlockMap(ABC):
    """A map of a block; entities have the factors [e, ‖e‖², 1]."""

    @abstractmethod
    def factors(self, query: Tensor, scale: Tensor, curvature: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Build what the map needs of the queries.

        :param query: shape: ``(m, d)``
        :param scale: shape: ``(m, 1)``
        :param curvature: shape: ``(m,)``, minus the curvature, of hyperbolic distances only
        :return: the factors, shape: ``(m, d + 2)``; the scale of ψ, shape: ``(m, 1)``; the map's own rows of that shape
        """

    @abstractmethod
    def values(self, block: Tensor, rows: Tensor, squares: Tensor) -> Tensor:
        """Compute ψ.

        :param block: shape: ``(m, chunk)``, the products
        :param rows: shape: ``(m, k)``, the map's own rows
        :param squares: shape: ``(chunk,)``, ‖e‖²
        :return: shape: ``(m, chunk)``
        """

    @abstractmethod
    def slopes(self, block: Tensor, rows: Tensor, squares: Tensor) -> Sequence[Tensor]:
        """Compute ψ, and what :meth:`pull_back` needs beside the weights.

        :param block: shape: ``(m, chunk)``, the products
        :param rows: shape: ``(m, k)``, the map's own rows
        :param squares: shape: ``(chunk,)``, ‖e‖²
        :return: ψ first; each of shape ``(m, chunk)``
        """

    @abstractmethod
    def pull_back(
        self, weights: Tensor, slopes: Sequence[Tensor], rows: Tensor, squares: Tensor, outer: Tensor
    ) -> tuple[Tensor, Sequence[Tensor], Tensor | None]:
        """Send weights of ψ on to what it is made of.

        :param weights: shape: ``(m, chunk)``, the weights without their factor per query
        :param slopes: what :meth:`slopes` returned
        :param rows: shape: ``(m, k)``, the map's own rows
        :param squares: shape: ``(chunk,)``, ‖e‖²
        :param outer: shape: ``(m, 1)``, that factor
        :return: the weights of the block, and those of the rows, each of shape ``(m, 1)``, without the factor; those of
            ‖e‖², shape: ``(chunk,)``, with it, or None where there are none
        """


@dataclass(frozen=True)
class LinkMap(BlockMap):
    """ψ is a function of the squared distance."""

    link: Link

    def factors(self, query: Tensor, scale: Tensor, curvature: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Build the factors whose products are squared distances; see :meth:`BlockMap.factors`."""
        ones = query.new_ones(query.shape[0], 1)
        return torch.cat([-2.0 * query, ones, query.square().sum(dim=-1, keepdim=True)], dim=-1), scale, []

    def values(self, block: Tensor, rows: Tensor, squares: Tensor) -> Tensor:
        """Compute ψ; see :meth:`BlockMap.values`."""
        return self.link(block)

    def slopes(self, block: Tensor, rows: Tensor, squares: Tensor) -> Sequence[Tensor]:
        """Compute ψ and its derivative; see :meth:`BlockMap.slopes`."""
        return self.link(block), self.link.derivative(block)

    def pull_back(
        self, weights: Tensor, slopes: Sequence[Tensor], rows: Tensor, squares: Tensor, outer: Tensor
    ) -> tuple[Tensor, Sequence[Tensor], Tensor | None]:
        """Multiply by the derivative; see :meth:`BlockMap.pull_back`."""
        return weights.mul_(slopes[1]), [], None


@dataclass(frozen=True)
class HyperbolicMap(BlockMap):
    """ψ is c times the squared hyperbolic distance; see :mod:`~pykeen_conj_hale.functional.hyperbolic_distance`."""

    passes: Passes

    def factors(self, query: Tensor, scale: Tensor, curvature: Tensor | None) -> tuple[Tensor, Tensor, list[Tensor]]:
        """Build the factors u, and the rows κ and c; see :meth:`BlockMap.factors`."""
        assert curvature is not None
        u, kappa = query_factors(query, curvature)
        c = curvature.unsqueeze(dim=-1)
        left = torch.cat([u, u.new_zeros(u.shape[0], 2)], dim=-1)
        return left, scale / c, [kappa.unsqueeze(dim=-1), c]

    def values(self, block: Tensor, rows: Tensor, squares: Tensor) -> Tensor:
        """Compute ψ; see :meth:`BlockMap.values`."""
        kappa, c = rows.split(1, dim=-1)  # type: ignore[no-untyped-call]
        return self.passes.pair_distance(block, kappa, 2.0 * c.sqrt(), norms(squares))

    def slopes(self, block: Tensor, rows: Tensor, squares: Tensor) -> Sequence[Tensor]:
        """Compute ψ and its derivatives; see :meth:`BlockMap.slopes`."""
        kappa, c = rows.split(1, dim=-1)  # type: ignore[no-untyped-call]
        return self.passes.pair_slopes(block, kappa, 2.0 * c.sqrt(), norms(squares))

    def pull_back(
        self, weights: Tensor, slopes: Sequence[Tensor], rows: Tensor, squares: Tensor, outer: Tensor
    ) -> tuple[Tensor, Sequence[Tensor], Tensor | None]:
        """Multiply by the derivatives, and sum over entities and queries; see :meth:`BlockMap.pull_back`."""
        _, of_block, of_kappa, of_log_sigma = slopes
        of_log_sigma = of_log_sigma.mul_(weights)
        of_rows = [
            of_kappa.mul_(weights).sum(dim=-1, keepdim=True),
            # σ is 2 √(c ‖e‖²)
            of_log_sigma.sum(dim=-1, keepdim=True) / (2.0 * rows[:, 1:]),
        ]
        of_squares = (of_log_sigma.T @ outer).squeeze(dim=-1) / (2.0 * norms(squares).square())
        return of_block.mul_(weights), of_rows, of_squares
