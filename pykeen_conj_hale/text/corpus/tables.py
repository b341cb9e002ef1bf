"""Tables separated by tabs, or an error that names the file and the row's first line."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from ...checks import check_bool, check_choice, check_path
from .lines import read_lines

__all__ = ["Header", "read_rows"]

#: What becomes of a header: an error; left out; or kept as a row
Header: TypeAlias = Literal["error", "drop", "keep"]

#: How columns of entities, and of what is said about them, are called; an index that pandas writes has no name
ENTITY_NAMES: Final = {"", "entity", "entityid", "entitylabel", "id", "qid", "uri", "iri", "label", "name", "node"}
TEXT_NAMES: Final = {
    *{"text", "texts", "description", "descriptions", "gloss", "glosses", "definition", "abstract", "summary"},
    *{"mention", "mentions", "alias", "aliases", "synonym", "synonyms", "surfaceform", "surfaceforms"},
    *{"label", "labels", "name", "names", "title", "lemma", "lemmas"},
}

#: A field that begins with a quote, up to the quote that ends it, if there is one; two quotes are one inside
QUOTED: Final = re.compile(r'"[^"]*(?:""[^"]*)*')
#: Characters of a row of several lines: if a quote is missing, the rest of the file is not read in search of it
MAX_ROW: Final = 1 << 20
#: In the place of a row: its quoted field is still open; it can have no end
OPEN: Final[list[str]] = []
BROKEN: Final[list[str]] = []


def read_rows(
    path: str | os.PathLike[str], columns: Sequence[int], *, header: Header = "error", quoting: bool = True
) -> Iterator[list[str]]:
    """Read some columns of a table.

    A field that begins with a quote is quoted as in CSV, and may have tabs and line breaks inside, if the quote that
    ends it is the end of the field. If text follows that quote, the field is taken as it is.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param columns: the columns, from 0, that of the entity first; -1 is the last one, and rows have as many then
    :param header: what becomes of a first row with names of columns
    :param quoting: whether fields may be quoted
    :yields: the fields of these columns; blank lines are left out
    :raises ValueError: if a row lacks a column, or as many as the first one has; if an entity is empty; if a quoted
        field has no end; if there is a header
    """
    check_choice("header", header, ("error", "drop", "keep"))
    check_bool("quoting", quoting)
    check_path("path", path)
    width = None
    for number, row in _split_rows(Path(path), quoting):
        here = f"{path}, line {number}"
        is_first, width = width is None, len(row) if width is None else width
        _check_columns(here, row, columns, width)
        fields = [row[column] for column in columns]
        if is_first and header != "keep" and _is_header(fields):
            if header == "error":
                raise ValueError(
                    f"{here}: a header, {fields}, where the first entity is expected; remove the line, or leave it "
                    "out by header='drop'."
                )
            continue
        if not fields[0].strip():
            raise ValueError(f"{here}: the entity, in column {columns[0]}, is empty: {_shown(row)}; mend the line.")
        yield fields


def _check_columns(here: str, row: Sequence[str], columns: Sequence[int], width: int) -> None:
    if missing := [column for column in columns if not -len(row) <= column < len(row)]:
        raise ValueError(
            f"{here}: has {len(row)} columns, separated by tabs, and none of number {missing} (counted from 0): "
            f"{_shown(row)}; mend the line or choose other columns."
        )
    if min(columns) < 0 and len(row) != width:
        raise ValueError(
            f"{here}: has {len(row)} columns, separated by tabs, where the first row has {width}: {_shown(row)}; mend "
            f"the line, or choose columns from 0 on instead of {list(columns)}."
        )
    if len({column % len(row) for column in columns}) < len(set(columns)):
        raise ValueError(
            f"{here}: has {len(row)} columns, separated by tabs, so that two of the columns {list(columns)} are the "
            f"same: {_shown(row)}; mend the line or choose other columns."
        )


def _is_header(fields: Sequence[str]) -> bool:
    entity, *texts = (re.sub(r"[\W_]", "", field.lower()) for field in fields)
    return entity in ENTITY_NAMES and all(text in TEXT_NAMES and text != entity for text in texts)


def _split_rows(path: Path, quoting: bool) -> Iterator[tuple[int, list[str]]]:
    """Split a file into rows, with the number of their first lines."""
    lines = enumerate((line.rstrip("\r\n") for line in read_lines(path)), start=1)
    for number, line in lines:
        if not line.strip():
            continue
        row = _split(line) if quoting and '"' in line else line.split("\t")
        while row is OPEN:
            _, rest = next(lines, (0, None))
            line = f"{line}\n{rest or ''}"
            row = BROKEN if rest is None or len(line) > MAX_ROW else _split(line) if '"' in rest else OPEN
        if row is BROKEN:
            raise ValueError(
                f"{path}, line {number}: has a field that begins with a quote, and does not end with one: "
                f"{line[:80]!r}; close it, and double the quotes inside; or read quotes as they are by quoting=False."
            )
        yield number, row


def _split(text: str) -> list[str]:
    """Split a row into fields, or say that a quoted field is still open, or that it can have no end."""
    fields, at = [], 0
    while True:
        quoted = QUOTED.match(text, at)
        end = -1 if quoted is None else quoted.end()
        if end == len(text):
            return OPEN
        if quoted is not None and text[end + 1 : end + 2] in ("", "\t"):
            fields.append(text[at + 1 : end].replace('""', '"'))
            end += 1
        elif quoted is not None and "\n" in text[at:]:
            return BROKEN
        else:
            end = text.find("\t", at)
            end = len(text) if end < 0 else end
            fields.append(text[at:end])
        if end == len(text):
            return fields
        at = end + 1


def _shown(row: Sequence[str]) -> str:
    text = "\t".join(row)
    return repr(text[:80]) + ("…" if len(text) > 80 else "")
