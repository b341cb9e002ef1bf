"""Lines with tabs between their cells: as they must be, or an error that names the file and the line."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from .files import SplitFile
from .tables import take_triple

__all__ = ["check_lines", "check_rows"]

TAB, LINE_FEED = b"\t\n"
#: Signs of damaged line ends and of UTF-16; numpy, with which PyKEEN looks labels up, drops a NUL at the end
REFUSED: Final = "\r\0"


def check_lines(file: SplitFile, text: str, first_line: int = 1) -> None:
    """Check that each line has three labels with tabs between.

    :param file: the file, for the error
    :param text: the lines, with LF between, and none at the end
    :param first_line: the number of the first of them
    :raises ValueError: if a line is malformed
    """
    if _are_rows(text, 3, (0, 1, 2)):
        return
    for number, line in enumerate(text.split("\n"), start=first_line):
        if found := _fault(line):
            shown = repr(line[:80]) + ("…" if len(line) > 80 else "")
            raise ValueError(
                f"{file}, line {number}: expected three non-empty columns (head, relation, tail) with one tab between, "
                f"found {found}: {shown}; mend or remove the line, or name the columns of a table with a header"
            )


def check_rows(file: SplitFile, text: str, width: int, order: Sequence[int], first_line: int) -> None:
    """Check that each line of a table has as many cells as its header, and a label in three of them.

    :param file: the file, for the error
    :param text: the lines, with LF between, and none at the end
    :param width: the number of cells
    :param order: the columns of heads, relations and tails, from 0
    :param first_line: the number of the first line
    :raises ValueError: if a line is malformed
    """
    if _are_rows(text, width, order):
        return
    for number, line in enumerate(text.split("\n"), start=first_line):
        where = f"{file}, line {number}"
        take_triple(where, line.split("\t") if line else [], width, order)
        if any(character in line for character in REFUSED):
            raise ValueError(f"{where}: a carriage return or a NUL inside the line; mend or remove it")


def _are_rows(text: str, width: int, order: Sequence[int]) -> bool:
    """Look, without a loop over lines, whether all have a number of cells, and some of these are not empty."""
    raw = np.frombuffer(f"\n{text}\n".encode(), dtype=np.uint8)
    separators = np.flatnonzero((raw == TAB) | (raw == LINE_FEED))
    return bool(
        len(separators) % width == 1
        and (raw[separators[1:]].reshape(-1, width) == (*[TAB] * (width - 1), LINE_FEED)).all()
        and (np.diff(separators) > 1).reshape(-1, width)[:, order].all()
        and not any(character in text for character in REFUSED)
    )


def _fault(line: str) -> str | None:
    columns = line.split("\t")
    if any(character in line for character in REFUSED):
        return "a carriage return or a NUL inside the line"
    if len(columns) == 3 and all(columns):
        return None
    if not line.strip():
        return "a blank line"
    return f"{len(columns)}" + (f" columns, {columns.count('')} of them empty" if "" in columns else "")
