"""The texts of entities, in fields: for example a name and a description."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from ...normal_form import normalize
from ..corpus.documents import check_column, check_columns
from ..corpus.fingerprint import fingerprint_of
from ..corpus.tables import Header, read_rows

__all__ = ["EntityTexts", "Fields", "TextsLike", "as_texts"]

logger = logging.getLogger(__name__)

#: How many labels a message lists
EXAMPLES = 5
#: The texts of one entity, one per field
Fields: TypeAlias = tuple[str, ...]


class EntityTexts:
    """The texts of entities by their labels, each in the same fields.

    :param texts: for each label one text, or a sequence of texts, one per field
    :raises ValueError: if there is no entity, a label or a text is none, or entities have different numbers of fields
    """

    def __init__(self, texts: Mapping[str, str | Sequence[str]]) -> None:
        self._texts: dict[str, Fields] = {}
        for label, text in texts.items():
            if not isinstance(label, str):
                raise ValueError(f"The entity {label!r} is not allowed: labels are text, as {str(label)!r}.")
            fields = tuple(text) if isinstance(text, Iterable) and not isinstance(text, str) else (text,)
            if not fields or not all(isinstance(field, str) for field in fields):
                raise ValueError(f"The entity {label!r} has the texts {text!r}: give a str, or one str per field.")
            self._texts[label] = fields
        numbers = sorted({len(fields) for fields in self._texts.values()})
        if len(numbers) != 1:
            raise ValueError(
                f"The {len(self._texts)} entities have {numbers or 'no'} texts each: give each entity one text per "
                "field, the same number for all; a missing one may be empty."
            )
        #: The number of fields
        self.num_fields: int = numbers[0]
        self._normal = {normalize(label): label for label in self._texts}

    @classmethod
    def read(
        cls,
        path: str | os.PathLike[str],
        entity_column: int = 0,
        text_columns: Sequence[int] = (-1,),
        *,
        header: Header = "error",
        quoting: bool = True,
    ) -> EntityTexts:
        """Read a tab-separated table: one column with the label of the entity, and one column per field.

        An entity may have several rows; their texts are put together, field by field.

        :param path: a text file in UTF-8, gzipped if it ends in `.gz`
        :param entity_column: the column of the entity's label, from 0; -1 is the last one, and rows have as many then
        :param text_columns: the columns of the fields
        :param header: what becomes of a first row with names of columns: ``"error"``, ``"drop"``, or ``"keep"``
        :param quoting: whether fields may be quoted as in CSV
        :return: the texts
        :raises ValueError: if an argument is not allowed, the file is not UTF-8, broken or empty, or a row lacks a
            column or the entity
        """
        check_column("entity_column", entity_column)
        check_columns("text_columns", text_columns)
        rows: dict[str, Fields] = {}
        for entity, *texts in read_rows(path, [entity_column, *text_columns], header=header, quoting=quoting):
            before = rows.get(entity)
            rows[entity] = tuple(texts if before is None else map("\n".join, zip(before, texts, strict=True)))
        if not rows:
            raise ValueError(f"{os.fspath(path)}: has no texts; give a table of entities and texts, separated by tabs.")
        return cls(rows)

    def __len__(self) -> int:
        return len(self._texts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def fingerprint(self) -> str:
        """Compute a short text that changes with the labels and the texts, and not with their order."""
        return fingerprint_of(json.dumps(self._texts, sort_keys=True).encode())

    def get(self, label: str) -> Fields | None:
        """Get the texts of an entity.

        :param label: the label, as it is or in Unicode's normal form C
        :return: one text per field; None if there is none
        """
        known = self._key(label)
        return None if known is None else self._texts[known]

    def _key(self, label: str) -> str | None:
        return label if label in self._texts else self._normal.get(normalize(label))

    def match(self, labels: Sequence[str]) -> list[Fields]:
        """Get the texts of a graph's entities. The log counts entities that only one side has.

        :param labels: the labels of the graph's entities, in the order of their ids
        :return: the texts of each; empty ones for an entity that has none
        :raises ValueError: if none of the entities has a text
        """
        keys = [self._key(label) for label in labels]
        missing = [label for label, key in zip(labels, keys, strict=True) if key is None]
        if len(missing) == len(labels):
            raise ValueError(
                f"None of the {len(labels)} entities of the graph has a text: {list(labels)[:EXAMPLES]} … against the "
                f"labels {list(self._texts)[:EXAMPLES]} … of the texts; their labels must be the same."
            )
        if missing:
            logger.warning("%d of %d entities have no text: %s …", len(missing), len(labels), missing[:EXAMPLES])
        if others := len(self) - len({*keys} - {None}):
            logger.info("%d of %d texts are of no entity of the graph.", others, len(self))
        return [("",) * self.num_fields if key is None else self._texts[key] for key in keys]


#: Texts by label, or the path of a table
TextsLike: TypeAlias = EntityTexts | Mapping[str, str | Sequence[str]] | str | os.PathLike[str]


def as_texts(
    texts: TextsLike, text_columns: Sequence[int], *, header: Header = "error", quoting: bool = True
) -> EntityTexts:
    """Take texts, or read them.

    :param texts: the texts, a mapping of labels to texts, or the path of a table
    :param text_columns: the columns of the table with the fields
    :param header: what becomes of its first row, if it has names of columns: ``"error"``, ``"drop"``, or ``"keep"``
    :param quoting: whether its fields may be quoted as in CSV
    :return: the texts
    :raises ValueError: if it is none of these, or the table is broken
    """
    if isinstance(texts, EntityTexts):
        return texts
    if isinstance(texts, Mapping):
        return EntityTexts(texts)
    if isinstance(texts, str | os.PathLike):
        return EntityTexts.read(texts, text_columns=text_columns, header=header, quoting=quoting)
    raise ValueError(
        f"texts={texts!r} is not allowed: give EntityTexts, a mapping of labels to texts, or the path of a table."
    )
