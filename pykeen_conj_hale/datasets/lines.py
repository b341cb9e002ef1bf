"""Lines `head<TAB>relation<TAB>tail` of a text: as they must be, or an error that names the file and the line."""

from __future__ import annotations

from typing import Final

import numpy as np

from .files import SplitFile

__all__ = ["check_lines"]

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
    raw = np.frombuffer(f"\n{text}\n".encode(), dtype=np.uint8)
    separators = np.flatnonzero((raw == TAB) | (raw == LINE_FEED))
    if (
        len(separators) % 3 == 1
        and (raw[separators[1:]].reshape(-1, 3) == (TAB, TAB, LINE_FEED)).all()
        and (np.diff(separators) > 1).all()
        and not any(character in text for character in REFUSED)
    ):
        return
    for number, line in enumerate(text.split("\n"), start=first_line):
        if found := _fault(line):
            shown = repr(line[:80]) + ("…" if len(line) > 80 else "")
            raise ValueError(
                f"{file}, line {number}: expected three non-empty columns (head, relation, tail) with one tab between, "
                f"found {found}: {shown}; mend or remove the line, or name the columns of a table with a header"
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
