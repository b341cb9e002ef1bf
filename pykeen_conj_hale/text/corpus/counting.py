"""Counting co-occurrences with bounded memory.

A corpus is read once. Its words are numbered as they come and written to a temporary file, 4 bytes a word, in blocks of
whole documents; the file is then read once more to count pairs. In memory are one block, all different words, and the
counts.
"""

from __future__ import annotations

import itertools
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import scipy.sparse

from .documents import Document
from .mentions import MentionMatcher, replace_mentions

__all__ = ["END", "CodedCorpus", "PairCounter", "SparseSum"]

Codes: TypeAlias = npt.NDArray[np.int64]

#: The code after the last word of a document
END = -1
#: DESCRIBES - e is the code at the start of a document that describes entity e
DESCRIBES = -2
#: Words of a block; a longer document is a block of its own
BLOCK_SIZE = 1 << 17


class CodedCorpus:
    """A corpus as numbers, in a temporary file: entities have the codes from 0, words the codes after them.

    :param entities: the labels of entities
    :param mentions: the label of the entity of each mention, a tuple of words
    :param tokenize: splits a text into words
    """

    def __init__(
        self,
        entities: Sequence[str],
        mentions: Mapping[tuple[str, ...], str],
        tokenize: Callable[[str], Sequence[str]],
    ) -> None:
        self.entity_codes = {label: code for code, label in enumerate(entities)}
        self.word_codes: dict[str, int] = defaultdict()
        self.word_codes.default_factory = itertools.count(len(entities)).__next__
        self._tokenize = tokenize
        self._matcher = MentionMatcher(
            {tuple(map(self.word_codes.__getitem__, m)): self.entity_codes[label] for m, label in mentions.items()}
        )
        self._file = tempfile.TemporaryFile(prefix="cooccurrence-")  # noqa: SIM115 (closed by `__exit__`)
        self._blocks: list[int] = []
        self._counts = np.zeros(0, dtype=np.int64)
        #: The codes of the entities that are described
        self.described: set[int] = set()
        self.num_documents = 0
        self.num_words = 0

    def read(self, documents: Iterable[Document]) -> None:
        """Read documents to their end.

        :param documents: the documents; those which describe an unknown entity raise an error
        :raises ValueError: if a document describes an entity that is not among the entities
        """
        encode = self.word_codes.__getitem__
        block = array("i")
        for text, entity in documents:
            if entity is not None:
                if entity not in self.entity_codes:
                    raise ValueError(f"A document describes {entity!r}, which is not among the entities; add it there.")
                self.described.add(code := self.entity_codes[entity])
                block.append(DESCRIBES - code)
            words = self._tokenize(text)
            block.extend(map(encode, words))
            block.append(END)
            self.num_documents += 1
            self.num_words += len(words)
            if len(block) >= BLOCK_SIZE:
                self._write(block)
                block = array("i")
        if block:
            self._write(block)

    def _write(self, block: array[int]) -> None:
        codes = replace_mentions(np.frombuffer(block, dtype=np.intc).astype(np.int64), self._matcher)
        counts = np.bincount(codes[codes >= 0], minlength=len(self._counts))
        counts[: len(self._counts)] += self._counts
        self._counts = counts
        self._file.write(codes.astype(np.int32).tobytes())
        self._blocks.append(len(codes))

    @property
    def counts(self) -> Codes:
        """How often each code occurs, shape: ``(num_codes,)``."""
        counts = np.zeros(len(self.entity_codes) + len(self.word_codes), dtype=np.int64)
        counts[: len(self._counts)] = self._counts
        return counts

    def blocks(self) -> Iterator[Codes]:
        """Read the blocks back.

        :yields: the codes of some whole documents
        """
        self._file.seek(0)
        for size in self._blocks:
            yield np.frombuffer(self._file.read(4 * size), dtype=np.int32).astype(np.int64)

    @property
    def num_blocks(self) -> int:
        """How many blocks there are."""
        return len(self._blocks)

    def __enter__(self) -> CodedCorpus:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._file.close()


class SparseSum:
    """A sum of sparse matrices: small ones are added to each other first, so that each count is moved a few times only.

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
        self._weights = np.concatenate([[0.0], 1.0 / np.arange(1, window + 1)])
        if num_tokens**2 << self._bits > np.iinfo(np.int64).max:
            raise ValueError(f"{num_tokens} words with window={window} are too many to count; a max_vocab would do.")
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
