"""Markdown: tables, and their places in the pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

__all__ = ["cores", "difference", "places", "put", "rate", "table"]

#: A table's place in a page: two comments, which say where it comes from, and what was written between them
PLACE: Final = re.compile(r"(<!-- table: (?P<name>[\w-]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def rate(value: float, *, bold: bool = False) -> str:
    """Write a number between 0 and 1 with three digits.

    :param value: the number, rounded as its recorded digits are
    :param bold: whether it stands out
    :return: e.g. ``.450``
    """
    text = str(_round(value)).removeprefix("0")
    return f"**{text}**" if bold else text


def difference(value: float, other: float) -> str:
    """Write how far a number is above another, both as they are written.

    :param value: the number
    :param other: what it is compared with
    :return: e.g. ``+.013``, ``−.004`` or ``.000``
    """
    found = _round(value) - _round(other)
    return ("+" if found > 0 else "−" if found < 0 else "") + str(abs(found)).removeprefix("0")


def _round(value: float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.001"), ROUND_HALF_UP)


def table(headers: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Write a table.

    :param headers: the titles of the columns
    :param rows: the cells, by row
    :return: the lines, with a line break after the last
    :raises ValueError: if a row has another number of cells
    """
    lines = [headers, ["---"] * len(headers), *rows]
    if any(len(line) != len(headers) for line in lines):
        raise ValueError(f"Rows must have {len(headers)} cells, one per title: {rows}")
    return "".join("| " + " | ".join(map(str, line)) + " |\n" for line in lines)


def places(text: str) -> list[str]:
    """List the tables that a page has a place for.

    :param text: the page
    :return: their names
    """
    return [match["name"] for match in PLACE.finditer(text)]


def put(text: str, tables: Mapping[str, str]) -> str:
    """Write tables into their places.

    :param text: the page
    :param tables: the tables by name
    :return: the page with these tables
    :raises KeyError: if a place is for a table that nobody makes
    """
    return PLACE.sub(lambda match: f"{match[1]}\n{tables[match['name']]}\n{match[3]}", text)


def cores(number: int) -> str:
    """Write a number of cores.

    :param number: the number
    :return: e.g. ``1 core``
    """
    return f"{number} core{'s' if number > 1 else ''}"
