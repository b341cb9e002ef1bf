"""Labelled triples of large files, block by block, and where each of them is."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

from ..columns import Columns, choose_columns
from ..files import BYTE_ORDER_MARK, SplitFile
from ..lines import check_lines, check_rows
from ..policies import Policies, find_header
from ..tables import REFUSED, check_label, choose_parquet_columns, import_parquet

__all__ = ["Block", "Parts", "read_blocks"]

NAMES: Final = ("head", "relation", "tail")
#: Bytes of a text that are read at once, and rows of Parquet. Some ten times as much is in memory
_BLOCK_BYTES: Final = 2**24
_BLOCK_ROWS: Final = 2**19


class Block(NamedTuple):
    """Triples that follow each other in a file."""

    #: The number of the line, or of the row of Parquet, of the first one
    first_line: int
    #: A table of Arrow: texts in the columns ``head``, ``relation``, ``tail``
    labels: Any


class Parts:
    """The files of a split, one after the other, and which of its triples are where."""

    def __init__(self, name: str, files: list[SplitFile]) -> None:
        """Initialize it before the files are read.

        :param name: what a message calls the split
        :param files: its files
        """
        self.name, self.files = name, files
        self._starts: list[tuple[int, int, SplitFile]] = []  # row, its line, the file

    def begin(self, row: int, line: int, file: SplitFile) -> None:
        """Note where a file begins.

        :param row: the row, in the split, of its first triple
        :param line: the line of that
        :param file: the file
        """
        self._starts.append((row, line, file))

    @property
    def begins_with_a_line(self) -> bool:
        """Whether the first triple is the first line of a text: in Parquet, names are elsewhere."""
        _, line, file = self._starts[0]
        return line == 1 and file.ending != ".parquet"

    def line(self, row: int) -> str:
        """Say in which line of which file a triple is.

        :param row: the row of the triple in the split
        :return: the words that follow "line"
        """
        first, line, file = self._starts[bisect_right(self._starts, row, key=lambda start: start[0]) - 1]
        number = line + row - first
        return f"{number}" if len(self.files) == 1 else f"{number} of {file}"


def read_blocks(file: SplitFile, policies: Policies, columns: Columns | None) -> Iterator[Block]:
    """Read a file in blocks.

    :param file: lines `head<TAB>relation<TAB>tail`; with ``columns`` a table with tabs and a header; or Parquet
    :param policies: what becomes of a header whose names were not given
    :param columns: the names of the columns
    :yields: the blocks
    :raises ValueError: if the file is broken, not UTF-8, empty, lacks a column, or has a malformed line or row
    :raises ImportError: if pyarrow is not installed
    """
    if file.ending == ".csv":
        raise ValueError(f"{file}: large data are read of .tsv, .txt (also with .gz) and .parquet; convert the file.")
    if file.ending == ".parquet":
        blocks = _read_parquet(file, columns)
    else:
        blocks = _read_lines(file, policies) if columns is None else _read_named_columns(file, columns)
    is_empty = True
    for block in blocks:
        is_empty &= not len(block.labels)
        yield block
    if is_empty:
        raise ValueError(f"{file}: there is no triple; remove the file, or give it triples")


def _read_lines(file: SplitFile, policies: Policies) -> Iterator[Block]:
    order, is_first = (0, 1, 2), True
    for line, text in _texts_of_lines(file):
        check_lines(file, text, line)
        if not is_first:
            yield Block(line, _table(text, 3, order))
            continue
        is_first = False
        start, _, rest = text.partition("\n")
        first = start.split("\t")
        if (header := find_header(file, first, policies, partial(_find_again, file, first))) is None:
            yield Block(line, _table(text, 3, order))
            continue
        order = header
        if rest:
            yield Block(2, _table(rest, 3, order))


def _read_named_columns(file: SplitFile, columns: Columns) -> Iterator[Block]:
    """Read a table whose first line has the names: what it is called leaves nothing to guess, or to a policy."""
    order: tuple[int, int, int] | None = None
    width = 0
    for line, text in _texts_of_lines(file):
        if order is None:
            start, has_more, text = text.partition("\n")
            names, line = start.split("\t"), 2
            order, width = choose_columns(f"{file}, line 1", names, columns), len(names)
            if not has_more:
                continue
        assert order is not None  # as names were given
        check_rows(file, text, width, order, line)
        yield Block(line, _table(text, width, order))


def _texts_of_lines(file: SplitFile) -> Iterator[tuple[int, str]]:
    """Decode blocks of lines: the number of the first one, and the lines with LF between, and none at the end."""
    line, byte = 1, 0
    for data in _whole_lines(file):
        yield line, file.decode(data, line, byte).replace("\r\n", "\n").removesuffix("\n")
        line, byte = line + data.count(b"\n"), byte + len(data)


def _find_again(file: SplitFile, first: Sequence[str]) -> str | None:
    """Find a label of the first line that another line has in its place: as an entity, or as a relation."""
    head, relation, tail = (re.escape(label.encode()) for label in first)
    entity = b"(?:" + head + b"|" + tail + b")"
    again = re.compile(b"^" + entity + b"\t|\t" + relation + b"\t|\t" + entity + b"\r?$", re.MULTILINE)
    is_first = True
    for data in _whole_lines(file):
        if found := again.search(data, data.find(b"\n") + 1 if is_first else 0):
            return found.group().strip(b"\t\r").decode()
        is_first = False
    return None


def _whole_lines(file: SplitFile) -> Iterator[bytes]:
    """Read blocks that end with a line; what is longer than a block is no line of triples."""
    rest = b""
    with file.open() as stream:
        while data := stream.read(_BLOCK_BYTES):
            end = data.rfind(b"\n") + 1
            if not end and len(rest) < _BLOCK_BYTES:
                rest += data
                continue
            end = end or len(data)
            yield rest + data[:end]
            rest = data[end:]
    if rest:
        yield rest


def _table(text: str, width: int, order: tuple[int, int, int]) -> Any:
    """Split checked lines into columns, and take three of them."""
    import pyarrow
    from pyarrow import csv

    # Arrow drops a first U+FEFF, also where it begins a label
    data = (BYTE_ORDER_MARK + text).encode()
    names = [str(column) for column in range(width)]
    chosen = [names[column] for column in order]
    table = csv.read_csv(
        pyarrow.py_buffer(data),
        csv.ReadOptions(column_names=names, use_threads=False, block_size=len(data) + 1),
        csv.ParseOptions(delimiter="\t", quote_char=False, ignore_empty_lines=False),
        # what is not included is not converted, either
        csv.ConvertOptions(
            column_types=dict.fromkeys(chosen, pyarrow.string()), include_columns=chosen, strings_can_be_null=False
        ),
    )
    return table.rename_columns(list(NAMES))


def _read_parquet(file: SplitFile, columns: Columns | None) -> Iterator[Block]:
    parquet = import_parquet()
    import pyarrow

    chosen = choose_parquet_columns(file, file.path, columns)
    row = 1
    with parquet.ParquetFile(file.path) as content:
        batches = content.iter_batches(_BLOCK_ROWS, columns=chosen)
        while True:
            try:
                batch = next(batches, None)
            except (pyarrow.ArrowException, OSError) as error:
                raise ValueError(f"{file}, row {row} or later: damaged ({error}); write the file anew") from error
            if batch is None:
                return
            texts = [_texts(file, row, name, batch.column(name)) for name in chosen]
            yield Block(row, pyarrow.table(texts, list(NAMES)))
            row += len(batch)


def _texts(file: SplitFile, first_row: int, name: str, column: Any) -> Any:
    """Read a column of Parquet as text, and check it."""
    import pyarrow
    from pyarrow import compute

    if pyarrow.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    texts = column.cast(pyarrow.string()).fill_null("")
    refused = compute.match_substring_regex(texts, "^$|[" + "".join(REFUSED) + "]")
    if (at := compute.index(refused, True).as_py()) >= 0:
        check_label(f"{file}, row {first_row + at}, column {name!r}", "label", texts[at].as_py())
    return texts
