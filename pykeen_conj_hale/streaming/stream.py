"""What a stream computes, apart from its tensors: the factors of its matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from .activations import HardnessActivation
from .maps import BlockMap
from .passes import Passes

__all__ = ["Stream"]

#: exp(-h) of an activation bounded by this neither over- nor underflows in float32, and needs no running maximum
_SAFE_BOUND = 80.0
#: The same where such weights are kept: the backward pass multiplies them by exp(h) and what depends on the query,
#: which together may overflow, and the weights themselves lose digits
_KEPT_BOUND = 40.0


@dataclass(frozen=True)
class Stream:
    """What a stream computes, apart from its tensors."""

    squared: bool
    activation: HardnessActivation
    #: what a block goes through where the similarity is more than an inner product; it needs the squared norms
    map: BlockMap | None
    chunk_size: int
    passes: Passes
    #: whether queries have an offset
    has_offset: bool = False

    @property
    def is_bounded(self) -> bool:
        """Whether sums of exp(-h) need no running maximum."""
        return self.activation.bound <= _SAFE_BOUND

    @property
    def may_keep(self) -> bool:
        """Whether the weights of the forward pass are fit for the backward pass."""
        return self.map is None and self.activation.bound <= _KEPT_BOUND

    @property
    def shift(self) -> float:
        """The part of c which the matrix product adds; it has a column of ones for the squared distance anyway."""
        return 0.0 if self.map else self.activation.shift

    def left_factors(
        self,
        query: Tensor,
        scale: Tensor | None,
        has_bias: bool,
        offset: Tensor | None = None,
        curvature: Tensor | None = None,
    ) -> tuple[Tensor, Tensor | None]:
        """Build the factors of the queries; those of the entities are :meth:`right_factors`'.

        :param query: shape: ``(m, d)``
        :param scale: shape: ``(m,)``, None for 1
        :param has_bias: whether entities have a bias
        :param offset: shape: ``(m,)``, what is added to all scores of a query, None for 0
        :param curvature: shape: ``(m,)``, of the hyperbolic distance
        :return: shape: ``(m, k)``; and what a map needs per query: the scale, the offset if there is one, its own rows
        """
        ones = query.new_ones(query.shape[0], 1)
        c = ones if scale is None else scale.unsqueeze(dim=-1)
        offsets = [] if offset is None else [offset.unsqueeze(dim=-1)]
        if self.map is not None:
            left, c, own = self.map.factors(query, c, curvature)
            return left, torch.cat([c, *offsets, *own], dim=-1)
        c = self.activation.slope * c
        shift = self.shift - self.activation.slope * offsets[0] if offsets else self.shift
        if self.squared:
            columns = [-2.0 * c * query, c, c * query.square().sum(dim=-1, keepdim=True) + shift]
        else:
            columns = [-c * query, *([shift * ones] if offsets or self.shift else [])]
        if has_bias:
            columns.append(-self.activation.slope * ones)
        return torch.cat(columns, dim=-1), None

    def right_factors(self, left: Tensor, entity: Tensor, bias: Tensor | None) -> Iterator[tuple[slice, Tensor]]:
        """Iterate over chunks of entities and their factors: [e], [‖e‖², 1], and b, as the similarity needs them."""
        num_entities, dim = entity.shape
        bias = None if self.map else bias
        out = left.new_empty(min(self.chunk_size, num_entities), left.shape[1])
        out[:, dim:] = 1.0
        for start in range(0, num_entities, self.chunk_size):
            chunk = slice(start, min(start + self.chunk_size, num_entities))
            right = out[: chunk.stop - start]
            vectors = right[:, :dim]
            vectors.copy_(entity[chunk])
            if self.squared:
                torch.linalg.vecdot(vectors, vectors, out=right[:, dim])
            if bias is not None:
                right[:, -1] = bias[chunk]
            yield chunk, right

    def mapped(self, psi: Tensor, rows: Tensor, bias: Tensor | None, chunk: slice) -> Tensor:
        """Compute y = b (c_i ψ - b_j - b'_i) + c from the map's values."""
        slope, shift = self.activation.slope, self.activation.shift
        y = psi * (slope * rows[:, :1])
        if self.has_offset:
            y.add_(shift - slope * rows[:, 1:2])
        elif shift:
            y.add_(shift)
        return y if bias is None else y.sub_(slope * bias[chunk])

    def own_rows(self, rows: Tensor) -> Tensor:
        """Choose the rows of the map itself: not the scale, and not the offset."""
        return rows[:, 1 + self.has_offset :]
