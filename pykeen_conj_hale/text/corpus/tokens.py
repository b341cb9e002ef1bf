"""The words of a text, and codes for them."""

from __future__ import annotations

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ...normal_form import normalize

__all__ = ["Codes", "Tokenizer", "check_tokenizer", "tokenize"]

#: Numbers in the place of words and entities
Codes: TypeAlias = npt.NDArray[np.int64]
#: Splits a text into words
Tokenizer: TypeAlias = Callable[[str], Sequence[str]]

#: Letters and digits, with apostrophes and hyphens inside: all that a text in ASCII needs
ASCII_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")
#: What may stand between two parts of a word: apostrophes, middle dot (Catalan), geresh and gershayim (Hebrew),
#: hyphens, and the zero width non-joiner and joiner, which tell words apart in Persian and in the scripts of India
INSIDE = "'’·‧׳״‐‑\u200c\u200d-"
#: ASCII but apostrophe and hyphen: the end of most words, which is seen without a look into the long list of marks
END = r"\0-\x26\x28-\x2c\x2e-\x7f"
#: What is not seen and tells no words apart: soft hyphen, word joiner, byte order mark, marks of the direction
INVISIBLE = re.compile("[\\xad\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2060-\\u2069\\ufeff]+")
#: The parts of Unicode that have combining marks
PLANES = (range(0x20000), range(0xE0000, 0xE0200))


def tokenize(text: str) -> list[str]:
    """Split a text into lower-cased words: letters and digits, with apostrophes and hyphens inside.

    Unicode's normal form C comes first. Combining marks, as the vowel signs of Hindi or the points of Arabic and
    Hebrew, belong to the letter before them. So do joiners between two letters. Other characters that are not seen,
    as a soft hyphen, are left out. Where a language has no spaces between words, a run of letters is one word.

    :param text: the text
    :return: the words
    """
    if text.isascii():
        return ASCII_WORD.findall(text.lower())
    # composed once more, as the lower-case form of a composed letter may be of two characters
    lowered = normalize(normalize(INVISIBLE.sub("", text)).lower())
    return _word().findall(lowered.replace("_", " "))


def check_tokenizer(tokenizer: object) -> Tokenizer:
    """Check what is to split texts into words.

    :param tokenizer: the function
    :return: the function
    :raises ValueError: if it is none
    """
    if not callable(tokenizer):
        raise ValueError(f"tokenizer={tokenizer!r} is not allowed: it must be a function of a text to its words.")
    return tokenizer


@functools.cache
def _word() -> re.Pattern[str]:
    """Make the expression of a word with combining marks, which Python's own classes of characters leave out."""
    marks = "".join(_ranges(code for plane in PLANES for code in plane if unicodedata.category(chr(code))[0] == "M"))
    return re.compile(rf"\w+(?:(?![{END}])(?:[{marks}]|[{INSIDE}]\w)\w*)*")


def _ranges(codes: Iterable[int]) -> Iterable[str]:
    """Write ascending numbers of characters as ranges in a class of an expression."""
    for _, run in itertools.groupby(enumerate(codes), key=lambda pair: pair[1] - pair[0]):
        members = [code for _, code in run]
        yield f"{chr(members[0])}-{chr(members[-1])}"
