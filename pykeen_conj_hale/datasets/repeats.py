"""Triples that are there more than once: twice in a split, or in two splits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Ids", "Repeats", "find_repeats"]

Ids: TypeAlias = npt.NDArray[np.int64]

#: A triple of two splits belongs to the one that comes first here
OWNERS: Final = ("training", "testing", "validation")


class Repeats(NamedTuple):
    """Which triples of a split are there more than once."""

    #: shape: ``(n,)``, the rows whose triple is in the split before, ascending
    again: Ids
    #: shape: ``(n,)``, the row before of each
    before: Ids
    #: by another split: the rows whose triple is there, and belongs there, ascending
    elsewhere: Mapping[str, Ids]


def find_repeats(triples: Mapping[str, Ids]) -> dict[str, Repeats]:
    """Find triples that are there more than once.

    :param triples: the triples of `training`, `testing` and `validation`, or some of these, each of shape: ``(n, 3)``
    :return: those of each split
    """
    owners = [split for split in OWNERS if split in triples]
    sizes = [len(triples[split]) for split in owners]
    starts = np.cumsum([0, *sizes[:-1]])
    rows, owner = np.concatenate([triples[split] for split in owners]), np.repeat(np.arange(len(owners)), sizes)
    # a sort needs no product of the ids, which could overflow; it is stable, so that the owner's come first
    order = np.lexsort(rows.T)
    is_new = np.ones(len(rows), dtype=bool)
    is_new[1:] = (rows[order[1:]] != rows[order[:-1]]).any(axis=-1)
    first = np.empty_like(owner)
    first[order] = owner[order[is_new]][np.cumsum(is_new) - 1]
    again, before = order[1:][~is_new[1:]], order[:-1][~is_new[1:]]
    within = owner[again] == owner[before]
    again, before = again[within], before[within]
    by_row = np.argsort(again)
    again, before = again[by_row], before[by_row]
    found = {}
    for i, (split, start, size) in enumerate(zip(owners, starts.tolist(), sizes, strict=True)):
        here, of = owner[again] == i, first[start : start + size]
        elsewhere = {other: np.flatnonzero(of == j) for j, other in enumerate(owners) if j != i}
        found[split] = Repeats(again[here] - start, before[here] - start, elsewhere)
    return found
