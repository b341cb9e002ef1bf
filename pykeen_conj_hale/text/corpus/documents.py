"""Reading text files, plain or gzipped: documents, tables of descriptions and of mentions, triples."""

from __future__ import annotations

import gzip
import os
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, NamedTuple, TypeAlias, cast

__all__ = [
    "Document",
    "DocumentLike",
    "as_documents",
    "read_descriptions",
    "read_documents",
    "read_mentions",
    "read_triples",
]

#: A longer line is cut into several documents: so a corpus of a single line needs no more memory than others
MAX_LINE_BYTES = 1 << 20


class Document(NamedTuple):
    """A text, and the entity which it describes, if there is one."""

    text: str
    #: the label of the described entity
    entity: str | None = None


#: A text; a file with one document per line; or a document with the entity which it describes
DocumentLike: TypeAlias = "str | os.PathLike[str] | Document"


def as_documents(documents: Iterable[DocumentLike]) -> Iterator[Document]:
    """Read documents of all kinds one after the other.

    :param documents: texts, paths of files with one document per line, and documents
    :yields: documents
    :raises TypeError: if there is something else among them, or a single text stands where many are expected
    """
    if isinstance(documents, str | bytes | os.PathLike):
        raise TypeError(f"documents={documents!r} is a single one; give a list: [Path('corpus.txt')] or ['a text'].")
    for document in documents:
        if isinstance(document, Document):
            yield document
        elif isinstance(document, str):
            yield Document(document)
        elif isinstance(document, os.PathLike):
            yield from read_documents(document)
        else:
            raise TypeError(
                f"documents has {document!r}, a {type(document).__name__}; give texts (str), files (Path) or "
                "Document(text, entity)."
            )


def read_documents(path: str | os.PathLike[str]) -> Iterator[Document]:
    """Read a file with one document per line. Blank lines are left out; lines over 1 MiB are cut at a space.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :yields: documents without an entity
    :raises ValueError: if the file is not UTF-8 (with the byte offset in the unpacked text), or broken gzip data
    """
    for line in _lines(Path(path), MAX_LINE_BYTES):
        if line.strip():
            yield Document(line)


def read_descriptions(
    path: str | os.PathLike[str], entity_column: int = 0, text_columns: Sequence[int] = (-1,)
) -> Iterator[Document]:
    """Read a tab-separated table of entities and their descriptions, without a header.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param entity_column: the column of the entity's label, from 0
    :param text_columns: the columns of its text, which are put together
    :yields: documents with the entity which they describe
    :raises ValueError: if the file is not UTF-8, broken, or a line lacks a column
    """
    for columns in _rows(Path(path), [entity_column, *text_columns]):
        yield Document("\n".join(columns[column] for column in text_columns), columns[entity_column])


def read_mentions(
    path: str | os.PathLike[str], entity_column: int = 0, mention_column: int = 1, separator: str | None = None
) -> dict[str, list[str]]:
    """Read the mentions of entities from a tab-separated table without a header. An entity may have several lines.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param entity_column: the column of the entity's label, from 0
    :param mention_column: the column of its mentions
    :param separator: what stands between the mentions of a column; None for one mention per line
    :return: the mentions of each entity
    :raises ValueError: if the file is not UTF-8, broken, or a line lacks a column
    """
    mentions: dict[str, list[str]] = {}
    for columns in _rows(Path(path), [entity_column, mention_column]):
        text = columns[mention_column]
        mentions.setdefault(columns[entity_column], []).extend([text] if separator is None else text.split(separator))
    return mentions


def read_triples(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Read triples: head, relation and tail, separated by tabs.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :yields: the labels of each triple
    :raises ValueError: if the file is not UTF-8, broken, or a line has another number of columns
    """
    for columns in _rows(Path(path), [0, 1, 2]):
        if len(columns) != 3:
            raise ValueError(f"{path}: expected head, relation and tail with a tab between, found {columns}.")
        yield columns


def _rows(path: Path, wanted: Sequence[int]) -> Iterator[list[str]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        columns = line.rstrip("\r\n").split("\t")
        if missing := [column for column in wanted if not -len(columns) <= column < len(columns)]:
            raise ValueError(
                f"{path}, line {number}: has {len(columns)} columns, separated by tabs, and none of number {missing} "
                f"(counted from 0): {line[:80]!r}; mend the line or choose other columns."
            )
        yield columns


def _lines(path: Path, max_bytes: int | None = None) -> Iterator[str]:
    """Read lines with their ends."""
    offset = 0
    for raw in _raw_lines(path, max_bytes):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}: not UTF-8 at byte offset {offset + error.start} ({raw[error.start : error.start + 4]!r}); "
                "save the file as UTF-8."
            ) from error
        yield text if offset else text.removeprefix("\ufeff")
        offset += len(raw)


def _raw_lines(path: Path, max_bytes: int | None) -> Iterator[bytes]:
    rest = b""
    try:
        with cast(IO[bytes], gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            while line := file.readline(-1 if max_bytes is None else max_bytes - len(rest)):
                line, rest = rest + line, b""
                if len(line) == max_bytes and not line.endswith(b"\n"):
                    at = line.rfind(b" ") + 1 or _last_character(line)
                    line, rest = line[:at], line[at:]
                yield line
            if rest:
                yield rest
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: broken gzip data ({error}); pack the file anew.") from error


def _last_character(line: bytes) -> int:
    """Find where the last character begins, which the end of the line may cut."""
    at = len(line) - 1
    while at > 1 and line[at] & 0xC0 == 0x80:
        at -= 1
    return at
