"""Counts of pairs of tokens: sums of sparse matrices, part by part."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from .tokens import Codes

__all__ = ["PairCounter", "SparseSum"]


class SparseSum:
    """A sum of sparse matrices.

    Small ones are added to each other first: so each count is moved a few times only.

    :param size: the number of rows and columns
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._parts: list[Any] = []

    def add(self, keys: Codes, values: npt.NDArray[np.float64]) -> None:
        """Add values.

        :param keys: shape: ``(n,)``, row · size + column, ascending and without duplicates
        :param values: shape: ``(n,)``
        """
        rows, columns = np.divmod(keys, self.size)
        starts = np.searchsorted(rows, np.arange(self.size + 1))
        self._parts.append(
            scipy.sparse.csr_array((values, columns.astype(np.int32), starts), shape=(self.size, self.size))
        )
        while len(self._parts) > 1 and 2 * self._parts[-1].nnz >= self._parts[-2].nnz:
            self._merge()

    def _merge(self) -> None:
        last = self._parts.pop()
        self._parts[-1] = self._parts[-1] + last

    def total(self) -> Any:
        """Compute the sum, a :class:`scipy.sparse.csr_array` with sorted columns, and start anew."""
        if not self._parts:
            return scipy.sparse.csr_array((self.size, self.size), dtype=np.float64)
        while len(self._parts) > 1:
            self._merge()
        total = self._parts.pop()
        total.sort_indices()
        return total


class PairCounter:
    r"""Counts pairs of tokens of a document, weighted by :math:`1/k` at distance k, and descriptions.

    :param num_tokens: the size of the vocabulary
    :param window: the largest distance, ≥ 1
    :raises ValueError: if the pairs of that many tokens have no numbers of 64 bits
    """

    def __init__(self, num_tokens: int, window: int) -> None:
        self.num_tokens = num_tokens
        self._window = window
        # the low bits of a key are the distance: one sort brings the same pairs together, without moving weights
        self._bits = window.bit_length()
        if num_tokens**2 << self._bits > np.iinfo(np.int64).max:
            raise ValueError(f"{num_tokens} words with window={window} are too many to count; a max_vocab would do.")
        self._weights = np.concatenate([[0.0], 1.0 / np.arange(1, window + 1)])
        self._right = SparseSum(num_tokens)
        self._described = SparseSum(num_tokens)

    def add(self, tokens: Codes, documents: Codes, described: Codes) -> None:
        """Count the pairs of some whole documents.

        :param tokens: shape: ``(n,)``, the tokens, less than ``num_tokens``
        :param documents: shape: ``(n,)``, the number of each token's document
        :param described: shape: ``(n,)``, the token of the entity which the document describes, or -1
        """
        keys = []
        for k in range(1, min(self._window + 1, len(tokens))):
            together = documents[:-k] == documents[k:]
            if not together.any():
                break
            keys.append(((tokens[:-k][together] * self.num_tokens + tokens[k:][together]) << self._bits) + k)
        if keys:
            merged = np.sort(np.concatenate(keys))
            distances = merged & ((1 << self._bits) - 1)
            self._right.add(*_sum_runs(merged >> self._bits, self._weights[distances]))
        about = (described >= 0) & (described != tokens)
        if about.any():
            pairs = np.sort(described[about] * self.num_tokens + tokens[about])
            self._described.add(*_sum_runs(pairs, np.ones(len(pairs))))

    def right(self) -> Any:
        """Compute the counts of (i, j) with j to the right of i."""
        return self._right.total()

    def described(self) -> Any:
        """Compute how often word j is in the descriptions of entity i."""
        return self._described.total()


def _sum_runs(keys: Codes, values: npt.NDArray[np.float64]) -> tuple[Codes, npt.NDArray[np.float64]]:
    """Add up the values of equal, neighbouring keys."""
    starts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
    return keys[starts], np.add.reduceat(values, starts)
