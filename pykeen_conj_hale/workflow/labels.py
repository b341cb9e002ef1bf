"""Labels of entities and relations, looked up with a helpful error."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Final

__all__ = ["UnknownLabelError", "look_up"]

#: How many labels an error suggests
SUGGESTIONS: Final = 3
#: Among more labels a comparison one by one takes long: those that begin alike are compared
MANY: Final = 200_000


class UnknownLabelError(ValueError):
    """A label that the model does not know."""


def look_up(kind: str, label: str, ids: Mapping[str, int]) -> int:
    """Look up the id of a label.

    :param kind: ``"entity"`` or ``"relation"``, for the error
    :param label: the label
    :param ids: the ids of all labels
    :return: the id
    :raises UnknownLabelError: if there is none; the error suggests labels that look alike
    """
    if label in ids:
        return ids[label]
    near = _find_near(label, ids)
    advice = f"did you mean {' or '.join(map(repr, near))}?" if near else "no label looks like it."
    raise UnknownLabelError(f"{kind}={label!r} is unknown to the model, which has {len(ids):,} labels: {advice}")


def _find_near(label: str, labels: Iterable[str]) -> list[str]:
    by_small: dict[str, str] = {}
    for other in labels:
        by_small.setdefault(other.casefold(), other)
    small = label.casefold()
    candidates: Iterable[str] = by_small
    if len(by_small) > MANY:
        candidates = [other for other in by_small if other[:2] == small[:2]][:MANY]
    return [by_small[other] for other in difflib.get_close_matches(small, candidates, n=SUGGESTIONS, cutoff=0.5)]
