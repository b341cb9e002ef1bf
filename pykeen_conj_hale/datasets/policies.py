"""What becomes of a header, of triples that are in a split twice, and of those that are in two splits."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Final, Literal, NamedTuple, Protocol, TypeAlias, get_args

import numpy as np

from ..checks import check_choice
from .files import SplitFile
from .labels import find_named_columns
from .repeats import Ids, Repeats

__all__ = [
    "LabeledSplit",
    "Places",
    "Policies",
    "Policy",
    "check_duplicates",
    "check_leakage",
    "drop_header",
    "find_again",
    "find_header",
    "judge_duplicates",
    "judge_leakage",
    "say_strange",
]

logger = logging.getLogger(__name__)

#: An error; left out; or kept. What is left out or kept is counted, and the log says so.
Policy: TypeAlias = Literal["error", "drop", "keep"]
POLICIES: Final[tuple[str, ...]] = get_args(Policy)


@dataclasses.dataclass(frozen=True)
class Policies:
    """What becomes of the lines of a dataset that are probably a mistake.

    :raises ValueError: if one is no policy
    """

    #: a first line with the names of columns, as `head`, `relation`, `tail`
    header: Policy = "error"
    #: triples that are in their split before
    duplicates: Policy = "error"
    #: triples of validation or testing that are in another split, too
    leakage: Policy = "keep"

    def __post_init__(self) -> None:
        for name, value in dataclasses.asdict(self).items():
            check_choice(name, value, POLICIES)


class Places(Protocol):
    """A split whose triples can be found again in its files."""

    @property
    def file(self) -> object:
        """What a message calls the file."""

    def line(self, row: int) -> object:
        """Get the number of the line of a triple."""

    def triple(self, row: int) -> list[str]:
        """Get the labels of a triple."""


class LabeledSplit(NamedTuple):
    """The labels of a file."""

    file: SplitFile
    #: head, relation, tail, head, relation, tail, …
    labels: list[str]
    #: the number of the line with the first triple
    first_line: int
    #: the numbers of all lines, where a triple may take several
    lines: Sequence[int] | None = None

    @property
    def num_triples(self) -> int:
        """The number of triples."""
        return len(self.labels) // 3

    def line(self, row: int) -> int:
        """Get the number of the line of a triple."""
        return self.first_line + row if self.lines is None else self.lines[row]

    def triple(self, row: int) -> list[str]:
        """Get the labels of a triple."""
        return self.labels[3 * row : 3 * row + 3]


def drop_header(split: LabeledSplit, policies: Policies) -> LabeledSplit:
    """Look whether the first line of a split is a header.

    :param split: the split
    :param policies: what becomes of it
    :return: the split, without the header if it is left out
    :raises ValueError: if it is refused, or nothing else is there
    """
    first = split.triple(0)
    order = find_header(split.file, first, policies, lambda: find_again(first, split.labels[3:]))
    if order is None:
        return split
    if len(split.labels) == 3:
        raise ValueError(f"{split.file}: there is nothing but a header; each split needs at least one triple")
    # the names say which column is which
    columns = [split.labels[3 + column :: 3] for column in order]
    labels = [label for triple in zip(*columns, strict=True) for label in triple]
    return LabeledSplit(split.file, labels, split.line(1), None if split.lines is None else split.lines[1:])


def find_header(
    file: SplitFile, first: Sequence[str], policies: Policies, find_other: Callable[[], str | None]
) -> tuple[int, int, int] | None:
    """Look whether the first line of a file is a header that is left out.

    Names of columns may be labels, too, as `e1 r e2`. A label that other lines have in its place is no name.

    :param file: the file
    :param first: the three labels of its first line
    :param policies: what becomes of a header
    :param find_other: finds a label of the first line that another line has in its place, see :func:`find_again`; it is
        called only if the line may be a header
    :return: the columns of heads, relations and tails; None if the line is, or is read as, a triple
    :raises ValueError: if it is refused
    """
    order = find_named_columns(first)
    if order is None:
        return None
    what = f"{file}, line 1: a header, {list(first)}, where the first triple is expected"
    if policies.header == "keep":
        logger.warning("%s; it is read as a triple.", what)
        return None
    if (label := find_other()) is not None:
        logger.warning(
            "%s, line 1: %s may be names of columns, and is read as a triple, as %r is in another line, too; remove it "
            "if it is a header.",
            file,
            list(first),
            label,
        )
        return None
    if policies.header == "error":
        raise ValueError(
            f"{what}; remove the line, or read the files by FolderDataset(header='drop'), or with header='keep' if it "
            "is a triple"
        )
    logger.warning(
        "%s; it is left out. If it is a triple, move it behind another one, or read it by --header keep "
        "(header='keep').",
        what,
    )
    return order


def find_again(first: Sequence[str], labels: Sequence[str]) -> str | None:
    """Find a label of a first triple that other triples have in its place: as an entity, or as a relation.

    :param first: the three labels
    :param labels: those of the other triples: head, relation, tail, head, relation, tail, …
    :return: the label; None if there is none
    """
    head, relation, tail = first
    if relation in labels[1::3]:
        return relation
    entities = {*labels[0::3], *labels[2::3]}
    return next((label for label in (head, tail) if label in entities), None)


def say_strange(file: object, first: Sequence[str]) -> None:
    """Warn of a first line that may be a header of unusual names, as no other line has one of its labels.

    :param file: what a message calls the file
    :param first: the labels of its first line
    """
    logger.warning(
        "%s, line 1: %s is read as a triple, and no other line has one of its labels. If these are names of columns, "
        "remove the line.",
        file,
        list(first),
    )


def check_duplicates(split: LabeledSplit, repeats: Repeats, policies: Policies) -> Ids:
    """Look at the triples of a split which are in it before.

    :param split: the split
    :param repeats: which of its triples are there more than once
    :param policies: what becomes of them
    :return: shape: ``(n,)``, the rows to leave out
    :raises ValueError: if they are refused
    """
    if not len(repeats.again):
        return repeats.again
    rows = int(repeats.before[0]), int(repeats.again[0])
    is_dropped = judge_duplicates(split, rows, len(repeats.again), policies)
    return repeats.again if is_dropped else repeats.again[:0]


def judge_duplicates(split: Places, rows: tuple[int, int], count: int, policies: Policies) -> bool:
    """Say what becomes of triples of a split which are in it before.

    :param split: the split
    :param rows: the first of them: where it is before, and where again
    :param count: their number, ≥ 1
    :param policies: what becomes of them
    :return: whether they are left out
    :raises ValueError: if they are refused
    """
    first, second = rows
    others = f" (and {count - 1} more duplicates)" if count > 1 else ""
    what = f"{split.file}, lines {split.line(first)} and {split.line(second)}: the same triple twice{others}: "
    what += f"{split.triple(first)}"
    if policies.duplicates == "error":
        raise ValueError(f"{what}; remove one of the two lines, or read the files by FolderDataset(duplicates='drop')")
    if policies.duplicates == "keep":
        logger.warning("%s; all are kept.", what)
        return False
    logger.warning("%s; each is kept once.", what)
    return True


def check_leakage(name: str, split: LabeledSplit, repeats: Repeats, policies: Policies) -> Ids:
    """Look at the triples of a split which are in another one.

    :param name: the name of the split
    :param split: the split
    :param repeats: which of its triples are there more than once
    :param policies: what becomes of them
    :return: shape: ``(n,)``, the rows to leave out
    :raises ValueError: if they are refused
    """
    left_out = [repeats.again[:0]]
    for other, rows in repeats.elsewhere.items():
        if len(rows) and judge_leakage((name, other), split, int(rows[0]), (len(rows), split.num_triples), policies):
            left_out.append(rows)
    return np.concatenate(left_out)


def judge_leakage(names: tuple[str, str], split: Places, row: int, counts: tuple[int, int], policies: Policies) -> bool:
    """Say what becomes of triples of a split which are in another one.

    :param names: the names of the split, and of the other one
    :param split: the split
    :param row: the first of them
    :param counts: their number, ≥ 1, and that of all triples of the split
    :param policies: what becomes of them
    :return: whether they are left out
    :raises ValueError: if they are refused
    """
    name, other = names
    what = (
        f"{split.file}: {counts[0]} of {counts[1]} triples of {name} are in {other}, too; the first, "
        f"in line {split.line(row)}, is {split.triple(row)}"
    )
    if policies.leakage == "error":
        raise ValueError(f"{what}; remove them, or read the files by FolderDataset(leakage='drop')")
    if policies.leakage == "drop":
        logger.warning("%s; they are left out of %s.", what, name)
        return True
    logger.warning("%s; they are kept, and figures on them are too good: see leakage='drop'.", what)
    return False
