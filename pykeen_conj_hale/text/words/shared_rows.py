"""Rows that are composed once, for several look-ups."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["SharedRows"]


class SharedRows:
    """Some rows of a table, or all of them.

    :param rows: shape: ``(n, *shape)``
    :param ids: shape: ``(n,)``, distinct, their ids; None where they are the whole table
    :param num_rows: the number of rows of the whole table
    """

    def __init__(self, rows: Tensor, ids: Tensor | None, num_rows: int) -> None:
        self._rows, self._place = rows, None
        if ids is not None:
            # a row that is not there is out of range
            self._place = ids.new_full((num_rows,), len(ids))
            self._place[ids] = torch.arange(len(ids), device=ids.device)

    def serves(self, indices: Tensor | None) -> bool:
        """Tell whether a look-up can be served: only the whole table has all rows.

        :param indices: the ids of the look-up, None for all
        :return: whether it can
        """
        return indices is not None or self._place is None

    def __call__(self, indices: Tensor | None) -> Tensor:
        """Look up rows.

        :param indices: any shape, ids of rows that are there; None for all
        :return: shape: ``(*indices.shape, *shape)``
        :raises IndexError: if a row is not there (on a CUDA device: an assertion of the device)
        """
        if indices is None:
            return self._rows
        place = indices if self._place is None else self._place[indices]
        return self._rows.index_select(0, place.flatten()).view(*indices.shape, *self._rows.shape[1:])
