"""Reading text files: documents, tables of descriptions and of mentions, triples."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

from ...checks import check_whole
from .lines import read_lines
from .tables import Header, read_rows

__all__ = [
    "Document",
    "DocumentLike",
    "as_documents",
    "check_column",
    "check_columns",
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
    if not isinstance(documents, Iterable):
        raise TypeError(f"documents={documents!r} is not allowed: give a list: [Path('corpus.txt')] or ['a text'].")
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
    for line in read_lines(Path(path), MAX_LINE_BYTES):
        if line.strip():
            yield Document(line)


def read_descriptions(
    path: str | os.PathLike[str],
    entity_column: int = 0,
    text_columns: Sequence[int] = (-1,),
    *,
    header: Header = "error",
    quoting: bool = True,
) -> Iterator[Document]:
    """Read a tab-separated table of entities and their descriptions.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param entity_column: the column of the entity's label, from 0; -1 is the last one, and rows have as many then
    :param text_columns: the columns of its text, which are put together
    :param header: what becomes of a first row with names of columns: ``"error"``, ``"drop"``, or ``"keep"`` as a row
    :param quoting: whether fields may be quoted as in CSV: between quotes, with those inside doubled
    :yields: documents with the entity which they describe
    :raises ValueError: if the file is not UTF-8, broken, or a row lacks a column or the entity
    """
    check_column("entity_column", entity_column)
    check_columns("text_columns", text_columns)
    for entity, *texts in read_rows(path, [entity_column, *text_columns], header=header, quoting=quoting):
        yield Document("\n".join(texts), entity)


def read_mentions(
    path: str | os.PathLike[str],
    entity_column: int = 0,
    mention_column: int = 1,
    separator: str | None = None,
    *,
    header: Header = "error",
    quoting: bool = True,
) -> dict[str, list[str]]:
    """Read the mentions of entities from a tab-separated table. An entity may have several rows.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param entity_column: the column of the entity's label, from 0; -1 is the last one, and rows have as many then
    :param mention_column: the column of its mentions
    :param separator: what stands between the mentions of a column; None for one mention per row
    :param header: what becomes of a first row with names of columns: ``"error"``, ``"drop"``, or ``"keep"`` as a row
    :param quoting: whether fields may be quoted as in CSV: between quotes, with those inside doubled
    :return: the mentions of each entity
    :raises ValueError: if the file is not UTF-8, broken, or a row lacks a column or the entity
    """
    check_column("entity_column", entity_column)
    check_column("mention_column", mention_column)
    if separator is not None and (not isinstance(separator, str) or not separator):
        raise ValueError(f"separator={separator!r} is not allowed: it must be a text, or None.")
    mentions: dict[str, list[str]] = {}
    for entity, text in read_rows(path, [entity_column, mention_column], header=header, quoting=quoting):
        mentions.setdefault(entity, []).extend([text] if separator is None else text.split(separator))
    return mentions


def check_column(argument: str, column: object) -> int:
    """Check the number of a column, from 0; negative ones count from the end.

    :param argument: the argument's name
    :param column: its value
    :return: the number
    :raises ValueError: if it is no whole number
    """
    return check_whole(argument, column, minimum=-sys.maxsize, maximum=sys.maxsize)


def check_columns(argument: str, columns: object) -> None:
    """Check the numbers of columns.

    :param argument: the argument's name
    :param columns: its value
    :raises ValueError: if it is no list of whole numbers, or empty
    """
    if isinstance(columns, str) or not isinstance(columns, Sequence) or not columns:
        raise ValueError(f"{argument}={columns!r} is not allowed: it must be a list of columns, from 0.")
    for column in columns:
        check_column(argument, column)


def read_triples(path: str | os.PathLike[str]) -> Iterator[list[str]]:
    """Read triples: head, relation and tail, separated by tabs. Labels are kept as they are, as datasets keep them.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :yields: the labels of each triple
    :raises ValueError: if the file is not UTF-8, broken, or a line has another number of columns
    """
    for number, line in enumerate(read_lines(Path(path)), start=1):
        columns = line.rstrip("\r\n").split("\t")
        if line.strip() and len(columns) != 3:
            raise ValueError(
                f"{path}, line {number}: expected head, relation and tail with a tab between, found {columns}."
            )
        if line.strip():
            yield columns
