"""Counting a corpus from files: documents, tables of descriptions and of mentions."""

from __future__ import annotations

import functools
import inspect
import itertools
import os
from collections.abc import Iterable, Sequence
from typing import Any

from ...checks import check_bool, check_path
from .cooccurrence import Cooccurrence
from .documents import Document, DocumentLike, read_descriptions, read_mentions, read_triples
from .leakage import remove_overlap
from .tables import Header
from .tokens import check_tokenizer, tokenize

__all__ = ["count_text"]


def count_text(
    *,
    documents: Iterable[str | os.PathLike[str]] = (),
    descriptions: str | os.PathLike[str] | None = None,
    description_columns: Sequence[int] = (0, -1),
    mentions: str | os.PathLike[str] | None = None,
    mention_columns: Sequence[int] = (0, 1),
    mention_separator: str | None = None,
    header: Header = "error",
    quoting: bool = True,
    held_out: Iterable[str | os.PathLike[str]] = (),
    **options: Any,
) -> Cooccurrence:
    """Count what occurs together in text files and tables.

    :param documents: files with one document per line
    :param descriptions: a table of entities and their descriptions, separated by tabs
    :param description_columns: its columns of the entity and of the texts, from 0
    :param mentions: a table of entities and their mentions; without it, a description's entity has no mentions
    :param mention_columns: its columns of the entity and of the mentions, from 0
    :param mention_separator: what stands between the mentions of a column; None for one mention
    :param header: what becomes of a first row of these tables with names of columns: ``"error"``, ``"drop"``, or
        ``"keep"`` as a row
    :param quoting: whether their fields may be quoted as in CSV
    :param held_out: files of triples, separated by tabs; a description does not name what they connect its entity
        with. They need descriptions and mentions
    :param options: arguments of :meth:`Cooccurrence.from_documents`
    :return: the co-occurrences
    :raises ValueError: if there is nothing to count, held-out triples have nothing to be removed from, a column is
        missing, an option is unknown or out of its range, or the descriptions come from a pipe
    """
    known = set(inspect.signature(Cooccurrence.from_documents).parameters) - {"documents", "entities"}
    if unknown := set(options) - known:
        raise ValueError(f"Counting text has no {sorted(unknown)}; it has the options of `cooccurrence build`.")
    _check_columns("description_columns", description_columns, "that of an entity and those of texts")
    _check_columns("mention_columns", mention_columns, "that of an entity and that of mentions", number=2)
    if mention_separator is not None and (not isinstance(mention_separator, str) or not mention_separator):
        raise ValueError(f"mention_separator={mention_separator!r} is not allowed: it must be a text, or None.")
    check_bool("quoting", quoting)
    for name, value in {"descriptions": descriptions, "mentions": mentions}.items():
        if value is not None:
            check_path(name, value)
    held_out = list(_many("held_out", held_out))
    if held_out:
        _check_removable(held_out, descriptions=descriptions, mentions=mentions)
    reading: dict[str, Any] = dict(header=header, quoting=quoting)
    entities: dict[str, list[str]] = {}
    if mentions is not None:
        entities = read_mentions(mentions, mention_columns[0], mention_columns[1], mention_separator, **reading)
    described: Iterable[Document] = ()
    if descriptions is not None:
        _check_rereadable(descriptions)
        entity_column, *text_columns = description_columns
        triples = itertools.chain.from_iterable(map(read_triples, held_out))
        read = functools.partial(read_descriptions, descriptions, entity_column, text_columns, **reading)
        # held-out triples are read here: what is wrong with them is found before anything is counted
        described = remove_overlap(read(), entities, triples, check_tokenizer(options.get("tokenizer", tokenize)))
        # read twice, as all entities have to be known before the first word is, and the texts may be long
        for document in read():
            entities.setdefault(str(document.entity), [])
    files = [check_path("documents", path) for path in _many("documents", documents)]
    if not files and descriptions is None:
        raise ValueError("There is nothing to count: name files of documents, or of descriptions.")
    everything: Iterable[DocumentLike] = itertools.chain(files, described)
    return Cooccurrence.from_documents(everything, entities, **options)


def _many(argument: str, paths: Any) -> Iterable[Any]:
    if isinstance(paths, str | os.PathLike) or not isinstance(paths, Iterable):
        raise ValueError(f"{argument}={paths!r} is not allowed: it must be a list of paths.")
    return paths


def _check_rereadable(descriptions: str | os.PathLike[str]) -> None:
    if os.path.exists(descriptions) and not os.path.isfile(descriptions):
        raise ValueError(
            f"descriptions={os.fspath(descriptions)!r} is no regular file: it is read twice, which a pipe cannot be; "
            "write it to a file first."
        )


def _check_removable(held_out: Sequence[Any], **tables: str | os.PathLike[str] | None) -> None:
    """Check that there is what held-out triples are for: descriptions, and mentions that may be in them."""
    if missing := [name for name, table in tables.items() if table is None]:
        raise ValueError(
            f"held_out={[str(path) for path in held_out]} would do nothing: mentions of entities are removed from "
            f"descriptions of others. Give {' and '.join(missing)}, too, or leave held_out out."
        )


def _check_columns(argument: str, columns: Any, meaning: str, number: int | None = None) -> None:
    whole = isinstance(columns, Sequence) and all(isinstance(x, int) and not isinstance(x, bool) for x in columns)
    if not whole or len(columns) < 2 or len(columns) != (number or len(columns)):
        raise ValueError(f"{argument}={columns!r} is not allowed: it must be a list of columns, from 0: {meaning}.")
