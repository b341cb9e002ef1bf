"""A corpus as numbers on the disk, so that counting needs bounded memory.

A corpus is read once. Its words get numbers as they come. A temporary file keeps them, 4 bytes per word, in blocks of
whole documents. In memory are one block and all different words.
"""

from __future__ import annotations

import itertools
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ...normal_form import normalize
from .documents import Document
from .mentions import MentionMatcher, replace_mentions
from .tokens import Codes, Tokenizer

__all__ = ["DESCRIBES", "END", "CodedCorpus"]

#: The code after the last word of a document
END = -1
#: DESCRIBES - e is the code at the start of a document that describes entity e
DESCRIBES = -2
#: Words of a block; a longer document is a block of its own
BLOCK_SIZE = 1 << 17


class CodedCorpus:
    """A corpus as numbers, in a temporary file: entities have the codes from 0, words the codes after them.

    :param entities: the labels of entities, in Unicode's normal form C
    :param mentions: the label of the entity of each mention, a tuple of words
    :param tokenize: splits a text into words
    """

    def __init__(
        self,
        entities: Sequence[str],
        mentions: Mapping[tuple[str, ...], str],
        tokenize: Tokenizer,
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
                code = self.entity_codes.get(normalize(entity))
                if code is None:
                    raise ValueError(f"A document describes {entity!r}, which is not among the entities; add it there.")
                self.described.add(code)
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

    @property
    def largest_block(self) -> int:
        """How many codes the largest block has."""
        return max(self._blocks)

    def __enter__(self) -> CodedCorpus:
        return self

    def __exit__(self, *exception: Any) -> None:
        self._file.close()
