"""Words of messages: numbers of things, and what someone may have meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Final

__all__ = ["count", "suggest"]

#: How many texts are suggested
SUGGESTIONS: Final = 3
#: Among more texts a comparison one by one takes long: those that begin alike are compared
MANY: Final = 200_000


def count(number: int, one: str, many: str | None = None) -> str:
    """Write a number of things.

    >>> count(1, "epoch"), count(2_000, "epoch"), count(0, "entity", "entities")
    ('1 epoch', '2,000 epochs', '0 entities')

    :param number: the number, ≥ 0
    :param one: what one is called
    :param many: what several are called; ``one`` with an *s* by default
    :return: number and word
    """
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def suggest(text: str, known: Iterable[str], kind: str) -> str:
    """Suggest what someone may have meant, whatever the case of letters.

    :param text: what is unknown
    :param known: what is known
    :param kind: what it is, as ``"label"`` or ``"name"``
    :return: a question, or that nothing looks like it
    """
    near = _find_near(text, known)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else f"no {kind} looks like it."


def _find_near(text: str, known: Iterable[str]) -> list[str]:
    by_small: dict[str, str] = {}
    for other in known:
        by_small.setdefault(other.casefold(), other)
    small = text.casefold()
    candidates: Iterable[str] = by_small
    if len(by_small) > MANY:
        candidates = [other for other in by_small if other[:2] == small[:2]][:MANY]
    return [by_small[other] for other in difflib.get_close_matches(small, candidates, n=SUGGESTIONS, cutoff=0.5)]
