"""Triples in tables: CSV, TSV with further columns, Parquet. Labels stay the text they are."""

from __future__ import annotations

import csv
import io
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import Lock
from types import ModuleType
from typing import Any, Final, cast

from .columns import Columns, choose_columns, list_names
from .files import SplitFile
from .labels import find_named_columns
from .policies import LabeledSplit, Policies, drop_header, find_again

__all__ = [
    "REFUSED",
    "TABLE_ENDINGS",
    "check_label",
    "choose_parquet_columns",
    "import_parquet",
    "read_table",
    "take_triple",
]

logger = logging.getLogger(__name__)

#: What is a table whether or not columns are named
TABLE_ENDINGS: Final = (".csv", ".parquet")
NAMES: Final = ("head", "relation", "tail")
#: What no label may hold: no file of lines with tabs could hold it, either
REFUSED: Final = ("\t", "\n", "\r", "\0")
HINT: Final = "name the three columns by --head-column, --relation-column and --tail-column (columns=Columns(…))"
HINT_ONE: Final = "between the cells of a .csv file are commas or semicolons; with tabs between, its name ends in .tsv"
#: Between the cells of a CSV file: the second where a spreadsheet has the decimal comma
DELIMITERS: Final = (",", ";")
#: Rows of a CSV file that tell which it is
ROWS_LOOKED_AT: Final = 10_000
#: The most characters of a cell: what fits into a C long everywhere
MAX_CELL: Final = 2**31 - 1
#: Who has raised the limit of Python's reader, which is one for the whole process
_LIMIT: Final = Lock()


def read_table(file: SplitFile, columns: Columns | None = None, policies: Policies | None = None) -> LabeledSplit:
    """Read three columns of a table.

    The first row of a CSV or TSV file is a header if columns are named, or if three of its cells have usual names and
    no other row has one of these in its place. Without a header the table has three columns. Cells are text: `007`,
    `1.0`, `NaN`, `null` are labels as any other.

    :param file: a file ending in ``.parquet`` or ``.csv``; any other has tabs between its cells, and no quotes
    :param columns: the names of the columns; None for the usual ones, as `head`, `relation`, `tail`
    :param policies: ``header="keep"`` reads a header of three columns whose names were not given as a triple; else it
        is left out, as tables may always have one
    :return: the labels
    :raises ValueError: if a column is not there; a row is broken, or lacks a label; there is no row; or a column of
        Parquet holds neither text nor whole numbers
    :raises ImportError: if a Parquet file is to be read without pyarrow
    """
    if file.ending == ".parquet":
        return _read_parquet(file, columns)
    text = file.read_text()
    if not text.strip("\r\n"):
        raise ValueError(f"{file}: the file is empty; each split needs at least one triple")
    with _any_length():
        keeps = policies is not None and policies.header == "keep"
        return _read_text(file, text, columns, Policies(header="keep" if keeps else "drop"))


@contextmanager
def _any_length() -> Iterator[None]:
    """Let cells be of any length: a further column may hold long texts."""
    with _LIMIT:
        before = csv.field_size_limit(MAX_CELL)
        try:
            yield
        finally:
            csv.field_size_limit(before)


def _read_text(file: SplitFile, text: str, columns: Columns | None, policies: Policies) -> LabeledSplit:
    rows = _read_rows(file, text, columns)
    first_line, first = next(rows)
    if not first:
        raise ValueError(f"{file}, line 1: a blank line, where a header or the first triple is expected; remove it")
    order = choose_columns(f"{file}, line 1", first, columns)
    if order is None and len(first) != 3:
        columns_found = "is one column" if len(first) == 1 else f"are {len(first)} columns"
        hint = HINT_ONE if len(first) == 1 and file.ending == ".csv" else HINT
        raise ValueError(
            f"{file}, line 1: there {columns_found}, and no telling which are head, relation and tail: "
            f"{list_names(first)}; {hint}."
        )
    labels: list[str] = []
    lines: list[int] = []
    if columns is None and len(first) == 3:
        # a header only if the rows that follow do not say otherwise
        order, rows = None, _before((first_line, first), rows)
    for line, row in rows:
        labels += take_triple(f"{file}, line {line}", row, len(first), order or (0, 1, 2))
        lines.append(line)
    if not lines:
        raise ValueError(f"{file}: there is nothing but a header; each split needs at least one triple")
    split = LabeledSplit(file, labels, lines[0], lines)
    if order is None:
        return drop_header(split, policies)
    if columns is None:
        _check_names(file, [first[column] for column in order], labels)
    return split


def _check_names(file: SplitFile, names: Sequence[str], labels: Sequence[str]) -> None:
    """Look whether the names of columns, which were only guessed, are labels."""
    if (label := find_again(names, labels)) is not None:
        raise ValueError(
            f"{file}, line 1: {list(names)} may be names of columns or a triple, as {label!r} is in another line, too. "
            f"If they are names, {HINT}; if not, give the file a header."
        )
    logger.info("%s: the columns %s are read as head, relation and tail.", file, list_names(names))


def _before(first: tuple[int, list[str]], rest: Iterable[tuple[int, list[str]]]) -> Iterator[tuple[int, list[str]]]:
    yield first
    yield from rest


def _read_rows(file: SplitFile, text: str, columns: Columns | None) -> Iterator[tuple[int, list[str]]]:
    """Split a text into rows, with the number of their first lines."""
    if file.ending == ".csv":
        delimiter = _find_delimiter(file, text, columns)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    else:
        text = text.replace("\r\n", "\n")
        rows = csv.reader(text.removesuffix("\n").split("\n"), delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    line = 1
    while True:
        try:
            row = next(rows, None)
        except csv.Error as error:
            raise ValueError(f"{file}, line {line}: broken row ({error}); mend or remove it") from error
        if row is None:
            return
        yield line, row
        line = rows.line_num + 1


def _find_delimiter(file: SplitFile, text: str, columns: Columns | None) -> str:
    """Find what is between cells.

    That is the delimiter under which the first row has the names of columns. Without names it is the one that makes
    three cells or more of the first row; and if both do, the one that makes as many of the rows that follow.
    """
    readings = {delimiter: _look(text, delimiter) for delimiter in DELIMITERS}
    named = [delimiter for delimiter, (first, _) in readings.items() if _has_names(first, columns)]
    if len(named) == 1:
        return named[0]
    possible = {delimiter: same for delimiter, (first, same) in readings.items() if len(first) >= 3}
    if len(possible) > 1 and columns is None and all(same == 1 for same in possible.values()):
        rows = " or ".join(list_names(readings[delimiter][0]) for delimiter in possible)
        raise ValueError(
            f"{file}, line 1: the first row is {rows}, as the rows that follow have as many cells, by commas and by "
            "semicolons. Give the file a header, as head,relation,tail or head;relation;tail, or put cells that hold a "
            "comma or a semicolon in quotes."
        )
    return max(possible, key=possible.__getitem__, default=DELIMITERS[0])


def _look(text: str, delimiter: str) -> tuple[list[str], float]:
    """Read the first row, and tell how many of the rows that follow have as many cells, as a share of them."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number, same, first = 0, 0, list[str]()
    try:
        for row in islice(rows, ROWS_LOOKED_AT):
            first = first or row
            number += 1
            same += len(row) == len(first)
    except csv.Error:
        number += 1  # the reader that follows says where
    return first, same / max(number, 1)


def _has_names(row: Sequence[str], columns: Columns | None) -> bool:
    return find_named_columns(row) is not None if columns is None else set(columns) <= set(row)


def take_triple(where: str, row: Sequence[str], width: int, order: Sequence[int]) -> list[str]:
    """Take the labels of a row.

    :param where: where it is, for the error
    :param row: its cells; none for a blank line
    :param width: how many there must be
    :param order: the columns of heads, relations and tails, from 0
    :return: head, relation, tail
    :raises ValueError: if it has another number of cells, or a label is none, see :func:`check_label`
    """
    if len(row) != width:
        found = "a blank line" if not row else f"{len(row)} columns"
        raise ValueError(
            f"{where}: expected {width} columns as in the first line, found {found}; mend or remove the line"
        )
    labels = [row[column] for column in order]
    for name, label in zip(NAMES, labels, strict=True):
        check_label(where, name, label)
    return labels


def check_label(where: str, name: str, label: str) -> None:
    """Check that a label is there, and that a file of lines could hold it.

    :param where: where it is, for the error
    :param name: what it is
    :param label: the label
    :raises ValueError: if it is empty, or has a tab, a line break or a NUL inside
    """
    if not label:
        raise ValueError(f"{where}: the {name} is empty; mend or remove the line")
    if any(character in label for character in REFUSED):
        raise ValueError(f"{where}: the {name} has a tab, a line break or a NUL inside: {label[:80]!r}; replace it")


def _read_parquet(file: SplitFile, columns: Columns | None) -> LabeledSplit:
    data = io.BytesIO(file.read_bytes())
    chosen = choose_parquet_columns(file, data, columns)
    table = import_parquet().read_table(data, columns=chosen)
    if not len(table):
        raise ValueError(f"{file}: there is no row; each split needs at least one triple")
    texts = [_texts(file, name, table[name]) for name in chosen]
    labels = [label for triple in zip(*texts, strict=True) for label in triple]
    return LabeledSplit(file, labels, 1)


def import_parquet() -> ModuleType:
    """Import pyarrow's part for Parquet.

    :return: the module
    :raises ImportError: if pyarrow is not installed
    """
    try:
        from pyarrow import parquet
    except ImportError as error:
        raise ImportError("Parquet files are read by pyarrow: pip install 'pykeen-conj-hale[parquet]'") from error
    return cast(ModuleType, parquet)


def choose_parquet_columns(file: SplitFile, source: Any, columns: Columns | None) -> list[str]:
    """Choose the columns of heads, relations and tails of a Parquet file.

    :param file: the file, for errors
    :param source: what pyarrow reads: its path, or its content
    :param columns: the names of the columns; None for the usual ones, or for three columns
    :return: their names
    :raises ValueError: if a column is not there, or there twice, or holds neither text nor whole numbers, or the file
        is damaged
    """
    parquet = import_parquet()
    from pyarrow import ArrowException

    try:
        schema = parquet.read_schema(source)
    except ArrowException as error:
        raise ValueError(f"{file}: no Parquet file, or damaged ({error})") from error
    names = schema.names
    order = choose_columns(str(file), names, columns)
    is_guessed = order is None
    if order is None:
        if len(names) != 3:
            raise ValueError(f"{file}: the columns are {list_names(names)}; {HINT}.")
        order = (0, 1, 2)
    chosen = [names[column] for column in order]
    # the content of a column is found by its name only
    if twice := [name for name in dict.fromkeys(chosen) if names.count(name) > 1]:
        raise ValueError(
            f"{file}: the column {twice[0]!r} is there more than once; the columns are {list_names(names)}. Give each "
            "column a name of its own."
        )
    if is_guessed:
        logger.warning("%s: the columns %s are read as head, relation and tail.", file, list_names(names))
    for name in chosen:
        _check_type(file, name, schema.field(name).type)
    return chosen


def _check_type(file: SplitFile, name: str, kind: Any) -> None:
    """Check that a column holds labels."""
    from pyarrow import types

    values = kind.value_type if types.is_dictionary(kind) else kind
    is_text = types.is_string(values) or types.is_large_string(values) or types.is_string_view(values)
    if not (is_text or types.is_integer(values)):
        raise ValueError(f"{file}: the column {name!r} is of {kind}; labels are text or whole numbers")


def _texts(file: SplitFile, name: str, column: Any) -> list[str]:
    """Read a column of Parquet as text."""
    texts = ["" if value is None else str(value) for value in column.to_pylist()]
    for row, text in enumerate(texts, start=1):
        check_label(f"{file}, row {row}, column {name!r}", "label", text)
    return texts
