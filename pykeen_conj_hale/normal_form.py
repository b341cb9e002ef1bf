"""One form of Unicode for texts that are compared."""

from __future__ import annotations

import unicodedata

__all__ = ["normalize"]


def normalize(text: str) -> str:
    """Bring a text into Unicode's normal form C, in which ``é`` is one character, however it was typed.

    :param text: the text
    :return: the same text, composed
    """
    return text if text.isascii() else unicodedata.normalize("NFC", text)
