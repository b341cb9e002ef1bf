"""Drawing the non-zero cells of a co-occurrence matrix."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ...functional.glove import glove_weight

__all__ = ["CellSampler", "Cells", "WeightedDraw"]

Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]

#: A weight is a whole number of steps, at most this many: the sum of 2^31 weights still is a 64-bit number
STEPS = 2**32


class Cells(NamedTuple):
    """Cells of a co-occurrence matrix."""

    #: shape: ``(n,)``, the numbers of rows
    rows: Tensor
    #: shape: ``(n,)``, the numbers of columns
    columns: Tensor
    #: shape: ``(n,)``, the logarithms of the counts
    log_counts: Tensor
    #: whether the rows are those of embeddings
    embedded: bool


class WeightedDraw(nn.Module):
    """Draws numbers by their weights, at a cost of the logarithm of how many there are.

    Draws come from PyTorch's random state of the device, which PyKEEN's checkpoints hold. The weights are on the
    model's device, but not in its state: they are data.
    """

    cumulative: Tensor

    def __init__(self, weights: Floats) -> None:
        """Prepare to draw by weights.

        :param weights: shape: ``(n,)``, 1 ≤ n < 2^31, ≥ 0
        """
        super().__init__()
        # whole numbers, as their sums are exact on every device; at least 1, so that each can be drawn
        steps = torch.from_numpy(weights / weights.max() * STEPS).round().long().clamp(min=1)
        self.register_buffer("cumulative", steps.cumsum(0), persistent=False)
        self._total = int(steps.sum())

    def draw(self, size: int) -> Tensor:
        """Draw numbers, with replacement.

        :param size: how many
        :return: shape: ``(size,)``, ascending: neighbours in the memory are read together
        """
        draws = torch.randint(self._total, (size,), device=self.cumulative.device)
        return torch.searchsorted(self.cumulative, draws.sort().values, right=True)

    def shares(self) -> Tensor:
        """Compute the probability of each number, shape: ``(n,)``, in double precision."""
        return self.cumulative.diff(prepend=self.cumulative.new_zeros(1)).double() / self._total


class CellSampler(nn.Module):
    r"""Draws cells with probability :math:`f(x) / \sum f(x)`.

    GloVe's objective is a weighted mean over all non-zero cells. With cells that are drawn by their weights, the plain
    mean over a few of them estimates it; cells with a small weight are drawn rarely.
    """

    rows: Tensor
    columns: Tensor
    log_counts: Tensor

    def __init__(
        self, rows: Ints, columns: Ints, counts: Floats, x_max: float, exponent: float, embedded: bool = False
    ) -> None:
        """Take the cells of a matrix.

        :param rows: shape: ``(n,)``, n ≥ 1, the numbers of rows
        :param columns: shape: ``(n,)``, the numbers of columns
        :param counts: shape: ``(n,)``, > 0
        :param x_max: see :func:`~pykeen_conj_hale.functional.glove.glove_weight`
        :param exponent: see :func:`~pykeen_conj_hale.functional.glove.glove_weight`
        :param embedded: whether the rows are those of embeddings
        """
        super().__init__()
        self.embedded = embedded
        count = torch.from_numpy(counts.astype(np.float64))
        weights = glove_weight(count, x_max, exponent)
        buffers = {
            "rows": torch.from_numpy(rows.astype(np.int32)),
            "columns": torch.from_numpy(columns.astype(np.int32)),
            "log_counts": count.log().to(torch.get_default_dtype()),
        }
        for name, values in buffers.items():
            self.register_buffer(name, values, persistent=False)
        self.by_weight = WeightedDraw(weights.numpy())
        #: The sum of all weights
        self.total_weight = float(weights.sum())

    def __len__(self) -> int:
        return len(self.rows)

    def draw(self, size: int) -> Cells:
        """Draw cells, with replacement.

        :param size: their number
        :return: the cells
        """
        at = self.by_weight.draw(size)
        return Cells(self.rows[at], self.columns[at], self.log_counts[at], self.embedded)

    def all(self) -> tuple[Cells, Tensor]:
        """Give all cells, each with its weight.

        :return: the cells; shape: ``(n,)``, their weights f(x) as shares of the sum
        """
        cells = Cells(self.rows, self.columns, self.log_counts, self.embedded)
        return cells, self.by_weight.shares().to(self.log_counts.dtype)

    def extra_repr(self) -> str:
        """Show the number of cells."""
        return f"{len(self)} cells, total_weight={self.total_weight:.6g}"
