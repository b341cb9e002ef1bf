"""Reading the labelled triples of three splits: ids over all of them, or an error that names the file and the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from .columns import Columns
from .files import SplitFile
from .labels import OTHER_FORMS, PADDED, find_other_forms, find_padded, say_alike
from .lines import check_lines
from .policies import LabeledSplit, Policies, check_duplicates, check_leakage, drop_header, say_strange
from .repeats import Ids, find_repeats
from .tables import TABLE_ENDINGS, read_table

__all__ = ["FEW", "read_labels", "read_lines", "read_splits"]

#: Among fewer triples it is nothing special that one has no label in common with the others
FEW: Final = 20


def read_splits(
    files: Mapping[str, SplitFile],
    policies: Policies | None = None,
    columns: Columns | None = None,
    *,
    training_first: bool = False,
) -> tuple[dict[str, Ids], dict[str, int], dict[str, int]]:
    """Read triples and give ids to the labels of all splits together.

    Lines are `head<TAB>relation<TAB>tail`, in UTF-8, with LF or CRLF line ends; or files are tables: see
    :func:`~.tables.read_table`. Labels are kept as they are; warnings name those which are the same text in two forms
    of Unicode, or but for white space around it. Ids follow the order of the sorted labels.

    :param files: the file of each split: all three, or one
    :param policies: what becomes of a header, and of triples that are there more than once
    :param columns: the names of the columns of heads, relations and tails; None for three columns without names, or
        with usual ones
    :param training_first: whether the entities of training have the first ids
    :returns: the triples of each split, shape: (n, 3), in the order of the file; the entities' ids; the relations' ids
    :raises ValueError: if a file is broken, not UTF-8, empty, or has a malformed line, or what the policies refuse
    """
    policies = policies or Policies()
    splits = {split: read_labels(file, policies, columns) for split, file in files.items()}
    entity_to_id = _number("entities", (x for s in splits.values() for x in (s.labels[0::3], s.labels[2::3])))
    if training_first:
        training = set(splits["training"].labels[0::3]).union(splits["training"].labels[2::3])
        # the order among them stays, as the sort is stable
        entity_to_id = {label: i for i, label in enumerate(sorted(entity_to_id, key=lambda x: x not in training))}
    relation_to_id = _number("relations", (split.labels[1::3] for split in splits.values()))
    mappings = (entity_to_id, relation_to_id, entity_to_id)
    triples = {}
    for name, split in splits.items():
        ids = [np.fromiter(map(m.__getitem__, split.labels[i::3]), dtype=np.int64) for i, m in enumerate(mappings)]
        triples[name] = np.stack(ids, axis=-1)
    _say_strange_beginnings(splits, triples)
    repeats = find_repeats(triples)
    for name, split in splits.items():
        keep = np.ones(len(triples[name]), dtype=bool)
        keep[check_duplicates(split, repeats[name], policies)] = False
        keep[check_leakage(name, split, repeats[name], policies)] = False
        if not keep.any():
            raise ValueError(
                f"{split.file}: no triple of {name} is left, as all are in another split, and leakage='drop'; make the "
                "splits anew"
            )
        triples[name] = triples[name][keep]
    return triples, entity_to_id, relation_to_id


def _say_strange_beginnings(splits: Mapping[str, LabeledSplit], triples: Mapping[str, Ids]) -> None:
    """Warn of first lines that have no label in common with the lines that follow in any of the files."""
    rest = np.concatenate([ids[1:] for ids in triples.values()])
    if len(rest) < FEW:
        return
    for name, split in splits.items():
        head, relation, tail = triples[name][0]
        # Parquet has names of columns elsewhere, and behind a header is a triple
        is_asked = split.file.ending != ".parquet" and split.line(0) == 1
        if is_asked and not (relation in rest[:, 1] or np.isin(rest[:, [0, 2]], [head, tail]).any()):
            say_strange(split.file, split.triple(0))


def read_labels(file: SplitFile, policies: Policies, columns: Columns | None = None) -> LabeledSplit:
    """Read the labels of a file.

    :param file: the file
    :param policies: what becomes of a header
    :param columns: as for :func:`read_splits`
    :returns: the labels
    :raises ValueError: as for :func:`read_splits`
    """
    file.check_format()
    if columns is not None or file.ending in TABLE_ENDINGS:
        return read_table(file, columns, policies)
    return drop_header(LabeledSplit(file, read_lines(file), 1), policies)


def _number(kind: str, columns: Iterable[Sequence[str]]) -> dict[str, int]:
    ids = {label: i for i, label in enumerate(sorted(set[str]().union(*columns)))}
    for alike, find in ((OTHER_FORMS, find_other_forms), (PADDED, find_padded)):
        if pairs := find(ids):
            say_alike(alike, kind, len(pairs), pairs)
    return ids


def read_lines(file: SplitFile) -> list[str]:
    """Read the labels of a file of lines `head<TAB>relation<TAB>tail` that is known to have no header.

    :param file: the file
    :returns: head, relation, tail, head, relation, tail, …
    :raises ValueError: if the file is broken, not UTF-8, empty, or has a malformed line
    """
    text = file.read_text().replace("\r\n", "\n").removesuffix("\n")
    if not text.strip("\n"):
        raise ValueError(f"{file}: the file is empty; each split needs at least one triple")
    check_lines(file, text)
    return text.replace("\n", "\t").split("\t")
