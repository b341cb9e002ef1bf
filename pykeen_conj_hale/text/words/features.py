"""What the texts of an entity are made of: words, and beginnings of words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ...checks import check_whole
from ..corpus.tokens import Tokenizer, tokenize
from .texts import Fields

__all__ = ["START", "Feature", "TextFeatures"]

#: Stands before the beginning of a word, which no word has
START = "<"


class Feature(NamedTuple):
    """A word of a text, or the beginning of one."""

    #: The word; a beginning has :data:`START` before it
    name: str
    #: The number of the field; of beginnings, the number of fields plus it
    kind: int


@dataclass(frozen=True)
class TextFeatures:
    """Lists the features of an entity's texts.

    Each word counts once per field. The fields share the vectors of words, so that a word of one entity's description
    is found again in the name of another; how much a field counts is learned. Beginnings of words connect what is
    derived from one stem, as `respire` and `respiration`; a word that is new shares them with known ones.

    :param num_fields: the number of fields
    :param prefix_fields: the fields whose words have beginnings, from 0
    :param prefix_lengths: the shortest and the longest beginning, in characters; the word itself ends the list
    :param tokenizer: splits a text into words
    :raises ValueError: if a field does not exist, or the lengths are no range of whole numbers ≥ 1
    """

    num_fields: int
    prefix_fields: Sequence[int] = ()
    prefix_lengths: tuple[int, int] = (2, 7)
    tokenizer: Tokenizer = tokenize

    def __post_init__(self) -> None:
        for field in self.prefix_fields:
            check_whole("prefix_fields", field, minimum=0, maximum=self.num_fields - 1)
        if len(self.prefix_lengths) != 2:
            raise ValueError(f"prefix_lengths={self.prefix_lengths!r} is not allowed: it must be (shortest, longest).")
        shortest, longest = self.prefix_lengths
        check_whole("prefix_lengths[1]", longest, minimum=check_whole("prefix_lengths[0]", shortest))

    @property
    def num_kinds(self) -> int:
        """The number of kinds of features."""
        return 2 * self.num_fields

    def __call__(self, fields: Fields) -> list[Feature]:
        """List the features of the texts of one entity.

        :param fields: one text per field
        :return: the features, each once per kind, in the order of the texts
        """
        found: dict[Feature, None] = {}
        for field, text in enumerate(fields):
            words = list(dict.fromkeys(self.tokenizer(text))) if text else []
            found.update((Feature(word, field), None) for word in words)
            if field in self.prefix_fields:
                kind = self.num_fields + field
                found.update((Feature(prefix, kind), None) for word in words for prefix in self._prefixes(word))
        return list(found)

    def _prefixes(self, word: str) -> list[str]:
        shortest, longest = self.prefix_lengths
        return [START + word[:length] for length in range(shortest, min(longest, len(word)) + 1)]
