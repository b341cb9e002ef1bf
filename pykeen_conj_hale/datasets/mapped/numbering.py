"""Ids for the labels of triples, more of which there may be than memory has place for.

DuckDB sorts, groups and joins them. What does not fit into its limit of memory goes to the disk.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

import numpy as np

from ..labels import EXAMPLES, WHITE_SPACE
from ..repeats import OWNERS, Ids

__all__ = ["Numbering", "import_duckdb"]

#: Rows that are taken from a result at once
_BATCH_ROWS: Final = 2**20
#: Where labels of each kind are
_COLUMNS: Final = {"entities": ("head", "tail"), "relations": ("relation",)}
#: A triple belongs to the split that comes first here
_CODES: Final = {split: code for code, split in enumerate(OWNERS)}


def import_duckdb() -> ModuleType:
    """Import DuckDB.

    :return: the package
    :raises ImportError: if it or pyarrow is not installed
    """
    try:
        import duckdb
        import pyarrow  # noqa: F401 (which hands data over)
    except ImportError as error:
        raise ImportError(
            "Large data are numbered by duckdb and pyarrow: pip install 'pykeen-conj-hale[large]'."
        ) from error
    return duckdb


class Found(NamedTuple):
    """Triples that are there more than once."""

    #: Their number
    number: int
    #: The row of the first of them in its split
    row: int
    #: The row where the same triple is before in the split; that of the other split's is not looked for
    before: int


class Numbering:
    """A database of triples, in which labels get ids: 0, 1, … in the order of the sorted labels."""

    def __init__(self, folder: Path, memory: float) -> None:
        """Make the database.

        :param folder: a folder, which has place for several times the size of the unpacked files
        :param memory: the memory in GiB, from which on the database goes to the disk
        """
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
        config = dict(
            memory_limit=f"{round(memory * 1024)}MiB",
            threads=cores,
            preserve_insertion_order=False,
            autoload_known_extensions=False,
        )
        self._database = import_duckdb().connect(str(folder / "numbering.duckdb"), config=config)
        self._rows = dict.fromkeys(OWNERS, 0)
        self._run("CREATE TABLE labelled (split UTINYINT, row BIGINT, head VARCHAR, relation VARCHAR, tail VARCHAR)")

    def _run(self, query: str) -> None:
        self._database.execute(query)

    def _first(self, query: str) -> tuple[Any, ...]:
        row: tuple[Any, ...] = self._database.execute(query).fetchall()[0]
        return row

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def num_rows(self, split: str) -> int:
        """Get the number of triples of a split so far.

        :param split: the split
        :return: the number
        """
        return self._rows[split]

    def add(self, split: str, labels: Any) -> None:
        """Add labelled triples after those of the same split.

        :param split: the split
        :param labels: a table of Arrow with the columns ``head``, ``relation``, ``tail``
        """
        self._database.register("block", labels.append_column("row", [np.arange(len(labels)) + self._rows[split]]))
        self._run(f"INSERT INTO labelled SELECT {_CODES[split]}, row, head, relation, tail FROM block")
        self._database.unregister("block")
        self._rows[split] += len(labels)

    def number(self, kind: str) -> int:
        """Give ids to labels.

        :param kind: ``"entities"`` or ``"relations"``
        :return: their number
        """
        labels = " UNION ALL ".join(f"SELECT {column} AS label FROM labelled" for column in _COLUMNS[kind])
        self._run(
            f"CREATE TABLE {kind} AS SELECT label, row_number() OVER (ORDER BY label) - 1 AS id "
            f"FROM (SELECT DISTINCT label FROM ({labels}))"
        )
        return int(self._first(f"SELECT count(*) FROM {kind}")[0])

    def map(self) -> None:
        """Replace the labels of all triples by their ids; one kind of ends after the other, for the sake of memory."""
        self._run(
            "CREATE TABLE half AS SELECT split, row, e.id AS h, r.id AS r, tail FROM labelled "
            "JOIN relations r ON r.label = relation JOIN entities e ON e.label = head"
        )
        self._run("DROP TABLE labelled")
        self._run(
            "CREATE TABLE mapped AS SELECT split, row, h, r, e.id AS t FROM half JOIN entities e ON e.label = tail"
        )
        self._run("DROP TABLE half")
        self._run("CREATE TABLE dropped (split UTINYINT, row BIGINT)")

    def find_other_forms(self, kind: str) -> tuple[int, list[tuple[str, str]]]:
        """Find labels that are the same text in two forms of Unicode.

        :param kind: ``"entities"`` or ``"relations"``
        :return: the number of texts, and some pairs of labels
        """
        # what is in ASCII has one form
        return self._find_pairs(kind, "nfc_normalize(label)", "strlen(label) <> length(label)")

    def find_padded(self, kind: str) -> tuple[int, list[tuple[str, str]]]:
        """Find labels that are the same text but for the white space around it.

        :param kind: ``"entities"`` or ``"relations"``
        :return: the number of texts, and some pairs of labels
        """
        normal = f"trim(label, '{WHITE_SPACE}')"
        return self._find_pairs(kind, normal, f"{normal} <> label")

    def _find_pairs(self, kind: str, normal: str, is_other: str) -> tuple[int, list[tuple[str, str]]]:
        """Find labels with the same normal form, of labels that may have another one than themselves."""
        self._run(
            "CREATE OR REPLACE TABLE forms AS SELECT min(label) AS one, max(label) AS other "
            f"FROM {kind} WHERE {is_other} OR label IN (SELECT {normal} FROM {kind} WHERE {is_other}) "
            f"GROUP BY {normal} HAVING count(*) > 1"
        )
        pairs = self._database.execute(f"SELECT one, other FROM forms ORDER BY one LIMIT {EXAMPLES}").fetchall()
        return int(self._first("SELECT count(*) FROM forms")[0]), pairs

    def is_strange(self, split: str, few: int) -> bool:
        """Tell whether the first triple of a split has no label in common with those that follow in any split.

        :param split: the split
        :param few: among fewer triples it has not, whatever they are
        :return: whether it has none
        """
        number, common = self._first(
            "SELECT count(*), count(*) FILTER (WHERE m.r = f.r OR m.h IN (f.h, f.t) OR m.t IN (f.h, f.t)) "
            f"FROM mapped m, (SELECT h, r, t FROM mapped WHERE split = {_CODES[split]} AND row = 0) f WHERE row > 0"
        )
        return bool(number >= few and not common)

    def find_duplicates(self, split: str) -> Found | None:
        """Find triples that are in their split before.

        :param split: the split
        :return: what there is; None if there are none
        """
        self._run(
            "CREATE OR REPLACE TABLE groups AS SELECT h, r, t, min(row) AS before FROM mapped "
            f"WHERE split = {_CODES[split]} GROUP BY h, r, t HAVING count(*) > 1"
        )
        return self._found(
            f"SELECT row, before FROM mapped m JOIN groups g ON m.h = g.h AND m.r = g.r AND m.t = g.t "
            f"WHERE split = {_CODES[split]} AND row > before"
        )

    def find_leaks(self, split: str, other: str) -> Found | None:
        """Find triples of a split that are in another one, and in none that comes before that.

        :param split: the split
        :param other: the other one, one of those to which a triple of both belongs
        :return: what there is; None if there are none
        """
        own, first = _CODES[split], _CODES[other]
        same = "o.h = m.h AND o.r = m.r AND o.t = m.t"
        return self._found(
            f"SELECT row, row AS before FROM mapped m WHERE split = {own} "
            f"AND EXISTS (FROM mapped o WHERE o.split = {first} AND {same}) "
            f"AND NOT EXISTS (FROM mapped o WHERE o.split < {first} AND {same})"
        )

    def _found(self, rows: str) -> Found | None:
        self._run(f"CREATE OR REPLACE TABLE found AS {rows}")
        count, row, before = self._first("SELECT count(*), min(row), arg_min(before, row) FROM found")
        return Found(count, row, before) if count else None

    def drop_found(self, split: str) -> None:
        """Leave out the triples that were found last.

        :param split: their split
        """
        self._run(f"INSERT INTO dropped SELECT {_CODES[split]}, row FROM found")

    def triple(self, split: str, row: int) -> list[str]:
        """Look up the labels of a triple.

        :param split: the split
        :param row: its row there
        :return: head, relation and tail
        """
        labels = self._first(
            "SELECT h.label, k.label, t.label FROM mapped m JOIN entities h ON h.id = m.h "
            "JOIN relations k ON k.id = m.r JOIN entities t ON t.id = m.t "
            f"WHERE split = {_CODES[split]} AND row = {row}"
        )
        return list(labels)

    def count_kept(self, split: str) -> int:
        """Count the triples of a split that are not left out.

        :param split: the split
        :return: the number
        """
        return int(self._first(f"SELECT count(*) {self._kept(split)}")[0])

    def _kept(self, split: str) -> str:
        return (
            f"FROM mapped m WHERE split = {_CODES[split]} "
            "AND NOT EXISTS (FROM dropped d WHERE d.split = m.split AND d.row = m.row)"
        )

    def triples(self, split: str) -> Iterator[Ids]:
        """Read the ids of the triples that are not left out, in the order of the files.

        :param split: the split
        :yields: shape: ``(n, 3)``
        """
        for batch in self._batches(f"SELECT h, r, t {self._kept(split)} ORDER BY row"):
            yield np.stack([column.to_numpy(zero_copy_only=False) for column in batch.columns], axis=-1)

    def labels(self, kind: str) -> tuple[int, Iterator[Any]]:
        """Read labels in the order of their ids.

        :param kind: ``"entities"`` or ``"relations"``
        :return: the number of their bytes, and arrays of Arrow of the type ``large_string``
        """
        import pyarrow

        size = int(self._first(f"SELECT sum(strlen(label)) FROM {kind}")[0])
        batches = self._batches(f"SELECT label FROM {kind} ORDER BY id")
        return size, (batch.column(0).cast(pyarrow.large_string()) for batch in batches)

    def _batches(self, query: str) -> Iterator[Any]:
        yield from self._database.sql(query).to_arrow_reader(_BATCH_ROWS)
