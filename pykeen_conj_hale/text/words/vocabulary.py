"""The features that have vectors, and texts as their numbers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ...checks import check_whole
from .features import Feature

__all__ = ["EncodedTexts", "Vocabulary"]

#: The number that fills up rows, and has no vector
PAD = 0


class EncodedTexts(NamedTuple):
    """The features of entities' texts as numbers: one row per entity, filled up with :data:`PAD`."""

    #: shape: ``(n, L)``, the number of each feature
    tokens: Tensor
    #: shape: ``(n, L)``, its kind
    kinds: Tensor
    #: The features that the vocabulary has not, of each entity
    unknown: list[list[str]]
    #: The number of entities whose features were cut
    num_cut: int

    @property
    def is_empty(self) -> Tensor:
        """Whether a row has no known feature, shape: ``(n,)``."""
        return (self.tokens == PAD).all(dim=-1)


class Vocabulary:
    r"""The features of a set of entities, each with the number of entities that have it.

    :param frequencies: the number of entities df of each feature
    :param num_entities: the number n of entities
    """

    def __init__(self, frequencies: Sequence[tuple[str, int]], num_entities: int) -> None:
        self.names = [name for name, _ in frequencies]
        self.frequencies = [frequency for _, frequency in frequencies]
        self.num_entities = num_entities
        self._numbers = {name: number for number, name in enumerate(self.names, start=PAD + 1)}

    @classmethod
    def count(cls, entities: Iterable[Sequence[Feature]], min_count: int = 2) -> Vocabulary:
        """Count the features of entities.

        :param entities: the features of each entity
        :param min_count: the number of entities that a feature needs, ≥ 1
        :return: the vocabulary, the most frequent features first
        :raises ValueError: if no feature is in so many entities
        """
        check_whole("min_count", min_count)
        counts: Counter[str] = Counter()
        num_entities = 0
        for features in entities:
            counts.update({feature.name for feature in features})
            num_entities += 1
        kept = sorted((item for item in counts.items() if item[1] >= min_count), key=lambda item: (-item[1], item[0]))
        if not kept:
            raise ValueError(
                f"None of the {len(counts)} words of {num_entities} entities is in the texts of min_count={min_count} "
                "of them: give more text, or a smaller min_count."
            )
        return cls(kept, num_entities)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: str) -> bool:
        return name in self._numbers

    def number(self, name: str) -> int:
        """Get the number of a feature, from 1.

        :param name: its name
        :return: the number
        :raises KeyError: if there is none of that name
        """
        return self._numbers[name]

    def idf(self) -> Tensor:
        r"""Compute the inverse document frequencies :math:`\log\frac{n + 1}{\mathrm{df}}`.

        :return: shape: ``(len(self) + 1,)``, positive; 0 for :data:`PAD`
        """
        values = [math.log((self.num_entities + 1) / frequency) for frequency in self.frequencies]
        return torch.tensor([0.0, *values], dtype=torch.get_default_dtype())

    def encode(self, entities: Sequence[Sequence[Feature]], max_length: int) -> EncodedTexts:
        """Write the features of entities as numbers.

        :param entities: the features of each entity
        :param max_length: how many known features an entity may have; the first ones are kept
        :return: the numbers, and what is unknown
        """
        known = [
            [(self._numbers[f.name], f.kind) for f in features if f.name in self._numbers] for features in entities
        ]
        unknown = [[f.name for f in features if f.name not in self._numbers] for features in entities]
        length = min(max(map(len, known), default=0), max_length)
        tokens = torch.full((len(known), length), PAD, dtype=torch.int32)
        kinds = torch.zeros(len(known), length, dtype=torch.uint8)
        for row, pairs in enumerate(known):
            if pairs := pairs[:length]:
                numbers, kind = zip(*pairs, strict=True)
                tokens[row, : len(pairs)] = torch.tensor(numbers, dtype=torch.int32)
                kinds[row, : len(pairs)] = torch.tensor(kind, dtype=torch.uint8)
        return EncodedTexts(tokens, kinds, unknown, sum(len(pairs) > max_length for pairs in known))
