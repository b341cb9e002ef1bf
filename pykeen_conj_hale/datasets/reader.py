"""Reading the labelled triples of three splits: ids over all of them, or an error that names the file and the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .files import SplitFile

__all__ = ["read_splits"]

TAB, LINE_FEED = b"\t\n"
#: Signs of damaged line ends and of UTF-16; numpy, with which PyKEEN looks labels up, drops a NUL at the end
REFUSED = "\r\0"

Ids: TypeAlias = npt.NDArray[np.int64]


def read_splits(files: Mapping[str, SplitFile]) -> tuple[dict[str, Ids], dict[str, int], dict[str, int]]:
    """Read triples and give ids to the labels of all splits together.

    Lines are `head<TAB>relation<TAB>tail`, in UTF-8, with LF or CRLF line ends and without a header. Labels are kept as
    they are. Ids follow the order of the sorted labels.

    :param files: the file of each split
    :returns: the triples of each split, shape: (n, 3), in the order of the file; the entities' ids; the relations' ids
    :raises ValueError: if a file is broken, not UTF-8, empty, or has a malformed line or a triple twice
    """
    labels = {split: _read_labels(file) for split, file in files.items()}
    entity_to_id = _number(column for flat in labels.values() for column in (flat[0::3], flat[2::3]))
    relation_to_id = _number(flat[1::3] for flat in labels.values())
    triples = {}
    for split, flat in labels.items():
        mappings = (entity_to_id, relation_to_id, entity_to_id)
        columns = [np.fromiter(map(m.__getitem__, flat[i::3]), dtype=np.int64) for i, m in enumerate(mappings)]
        triples[split] = np.stack(columns, axis=-1)
        _check_duplicates(files[split], triples[split], flat)
    return triples, entity_to_id, relation_to_id


def _number(columns: Iterable[Sequence[str]]) -> dict[str, int]:
    return {label: i for i, label in enumerate(sorted(set[str]().union(*columns)))}


def _read_labels(file: SplitFile) -> list[str]:
    """Read head, relation, tail, head, relation, tail, … of a file."""
    data = file.read_bytes()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        at = error.start
        line = 1 + data.count(b"\n", 0, at)
        raise ValueError(
            f"{file}, line {line}: not UTF-8 at byte offset {at} ({data[at : at + 4]!r}); save the file as UTF-8"
        ) from error
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").removesuffix("\n")
    if not text.strip("\n"):
        raise ValueError(f"{file}: the file is empty; each split needs at least one triple")
    _check_lines(file, text)
    return text.replace("\n", "\t").split("\t")


def _check_lines(file: SplitFile, text: str) -> None:
    raw = np.frombuffer(f"\n{text}\n".encode(), dtype=np.uint8)
    separators = np.flatnonzero((raw == TAB) | (raw == LINE_FEED))
    if (
        len(separators) % 3 == 1
        and (raw[separators[1:]].reshape(-1, 3) == (TAB, TAB, LINE_FEED)).all()
        and (np.diff(separators) > 1).all()
        and not any(character in text for character in REFUSED)
    ):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if found := _fault(line):
            shown = repr(line[:80]) + ("…" if len(line) > 80 else "")
            raise ValueError(
                f"{file}, line {number}: expected three non-empty columns (head, relation, tail) with one tab between, "
                f"found {found}: {shown}; mend or remove the line"
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


def _check_duplicates(file: SplitFile, triples: Ids, labels: Sequence[str]) -> None:
    # a sort needs no product of the ids, which could overflow
    order = np.lexsort(triples.T)
    same = np.flatnonzero((triples[order[1:]] == triples[order[:-1]]).all(axis=-1))
    if not len(same):
        return
    # the sort is stable: the first of two equal triples stays the first
    at = same[order[same + 1].argmin()]
    first, second = int(order[at]), int(order[at + 1])
    others = f" (and {len(same) - 1} more duplicates)" if len(same) > 1 else ""
    raise ValueError(
        f"{file}, lines {first + 1} and {second + 1}: the same triple twice{others}: "
        f"{labels[3 * first : 3 * first + 3]}; remove one of the two lines"
    )
