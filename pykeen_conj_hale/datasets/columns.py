"""Which columns of a table hold heads, relations and tails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from .labels import find_named_columns

__all__ = ["Columns", "check_columns", "choose_columns", "list_names"]

#: How many names a message lists
EXAMPLES = 20


class Columns(NamedTuple):
    """The names of the three columns."""

    head: str
    relation: str
    tail: str


def check_columns(columns: object) -> Columns | None:
    """Check the names of columns.

    :param columns: the names; None for none
    :return: the names
    :raises ValueError: if these are not three texts
    """
    if columns is None:
        return None
    names = list(columns) if isinstance(columns, list | tuple) else []
    if len(names) != 3 or not all(isinstance(name, str) for name in names):
        raise ValueError(
            f"columns={columns!r} is not allowed: it must be the names of heads, relations and tails, as "
            "Columns('head', 'relation', 'tail')."
        )
    return Columns(*names)


def choose_columns(where: str, names: Sequence[str], columns: Columns | None) -> tuple[int, int, int] | None:
    """Choose the columns of heads, relations and tails.

    :param where: the file, for the error
    :param names: the names of its columns, or its first row
    :param columns: the names to look for; None for the usual ones, as `head`, `relation`, `tail`
    :return: the three columns, from 0; None if none was asked for, and these are no names
    :raises ValueError: if a column is not there, or is there twice
    """
    if columns is None:
        return find_named_columns(names)
    for argument, name in zip(("head", "relation", "tail"), columns, strict=True):
        if list(names).count(name) != 1:
            found = "is there more than once" if name in names else "is not there"
            raise ValueError(
                f"{where}: the column of the {argument}, {name!r}, {found}; the columns are {list_names(names)}."
            )
    head, relation, tail = (list(names).index(name) for name in columns)
    if len({head, relation, tail}) < 3:
        raise ValueError(f"{where}: {list(columns)} names a column twice; name three of {list_names(names)}.")
    return head, relation, tail


def list_names(names: Sequence[str]) -> str:
    """List names of columns, as far as a message has place for them."""
    more = f" and {len(names) - EXAMPLES} more" if len(names) > EXAMPLES else ""
    return ", ".join(map(repr, names[:EXAMPLES])) + more
