"""Drawing the non-zero cells of a co-occurrence matrix."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ..functional.glove import glove_weight

__all__ = ["Cells", "CellSampler"]

Ints: TypeAlias = npt.NDArray[np.signedinteger[Any]]
Floats: TypeAlias = npt.NDArray[np.floating[Any]]

#: Steps of a weight: the sum of 2^31 weights still is a 64-bit number
STEPS = 2**32


class Cells(NamedTuple):
    """Some cells."""

    #: shape: ``(n,)``, the numbers of rows
    rows: Tensor
    #: shape: ``(n,)``, the numbers of columns
    columns: Tensor
    #: shape: ``(n,)``, the logarithms of the counts
    log_counts: Tensor


class CellSampler(nn.Module):
    r"""Draws cells with probability :math:`f(x) / \sum f(x)`, at a cost of the logarithm of their number.

    GloVe's objective is a weighted mean over all non-zero cells. Drawn by their weights, its estimate is the plain mean
    over a few: no cell that hardly counts is drawn only to be multiplied by nearly nothing.

    Draws come from PyTorch's random state of the device, which PyKEEN's checkpoints hold. The cells are on the model's
    device, but not in its state: they are data.
    """

    rows: Tensor
    columns: Tensor
    log_counts: Tensor
    cumulative: Tensor

    def __init__(self, rows: Ints, columns: Ints, counts: Floats, x_max: float, exponent: float) -> None:
        """Take the cells of a matrix.

        :param rows: shape: ``(n,)``, n ≥ 1, the numbers of rows
        :param columns: shape: ``(n,)``, the numbers of columns
        :param counts: shape: ``(n,)``, > 0
        :param x_max: see :func:`~pykeen_conj_hale.functional.glove.glove_weight`
        :param exponent: see :func:`~pykeen_conj_hale.functional.glove.glove_weight`
        """
        super().__init__()
        count = torch.from_numpy(counts.astype(np.float64))
        weights = glove_weight(count, x_max, exponent)
        # whole numbers: sums of them are exact on every device, and one that cannot be drawn would not be non-zero
        steps = weights.mul(STEPS).round().long().clamp(min=1)
        buffers = {
            "rows": torch.from_numpy(rows.astype(np.int32)),
            "columns": torch.from_numpy(columns.astype(np.int32)),
            "log_counts": count.log().to(torch.get_default_dtype()),
            "cumulative": steps.cumsum(0),
        }
        for name, values in buffers.items():
            self.register_buffer(name, values, persistent=False)
        #: The sum of all weights
        self.total_weight = float(weights.sum())
        self._total = int(steps.sum())

    def __len__(self) -> int:
        return len(self.rows)

    def draw(self, size: int) -> Cells:
        """Draw cells, with replacement.

        :param size: their number
        :return: the cells
        """
        draws = torch.randint(self._total, (size,), device=self.cumulative.device)
        # sorted: neighbours in the matrix are neighbours in the memory
        at = torch.searchsorted(self.cumulative, draws.sort().values, right=True)
        return Cells(self.rows[at], self.columns[at], self.log_counts[at])

    def all(self) -> tuple[Cells, Tensor]:
        """Get all cells.

        :return: the cells; shape: ``(n,)``, their weights f(x) as shares of the sum
        """
        steps = self.cumulative.diff(prepend=self.cumulative.new_zeros(1))
        return Cells(self.rows, self.columns, self.log_counts), steps.to(self.log_counts.dtype) / self._total

    def extra_repr(self) -> str:
        """Show the number of cells."""
        return f"{len(self)} cells, total_weight={self.total_weight:.6g}"
