"""The words of a text, and codes for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Codes", "Tokenizer", "tokenize"]

#: Numbers in the place of words and entities
Codes: TypeAlias = npt.NDArray[np.int64]
#: Splits a text into words
Tokenizer: TypeAlias = Callable[[str], Sequence[str]]

#: Letters and digits, with apostrophes and hyphens inside
WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def tokenize(text: str) -> list[str]:
    """Split a text into lower-cased words: letters and digits, with apostrophes and hyphens inside.

    :param text: the text
    :return: the words
    """
    return WORD.findall(text.lower())
