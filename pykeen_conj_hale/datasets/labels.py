"""What labels tell: which columns a header names, or that two labels are, or look like, the same text."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Collection, Sequence
from typing import Final, NamedTuple

from ..normal_form import normalize
from ..wording import count

__all__ = [
    "EXAMPLES",
    "OTHER_FORMS",
    "PADDED",
    "WHITE_SPACE",
    "Alike",
    "find_named_columns",
    "find_other_forms",
    "find_padded",
    "say_alike",
]

logger = logging.getLogger(__name__)

#: How many labels a message lists
EXAMPLES: Final = 5

#: What nobody sees around a label: spaces of all widths, none too, and what ends lines elsewhere
WHITE_SPACE: Final = (
    " \v\f\x1c\x1d\x1e\x1f\x85\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u200b"
    "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
)


class Alike(NamedTuple):
    """In what way different labels are the same text."""

    how: str
    #: What would do
    advice: str


OTHER_FORMS: Final = Alike(
    "in two forms of Unicode", "write the files in one form, as unicodedata.normalize('NFC', text) does"
)
PADDED: Final = Alike("but for white space around it", "remove such white space from the files if they are not")

#: How the columns of heads, relations and tails are called
COLUMN_NAMES: Final = (
    {"h", "head", "s", "subj", "subject", "src", "source", "from", "e1", "entity1", "node1"},
    {"r", "rel", "relation", "relationship", "p", "pred", "predicate", "property", "edge", "type"},
    {"t", "tail", "o", "obj", "object", "tgt", "dst", "target", "destination", "to", "e2", "entity2", "node2"},
)
#: What may follow such a name, as in `head_id`
SUFFIX: Final = re.compile(r"(?<=.)(?:entity|entities|id|ids|label|name|type|uri|iri)$")


def find_named_columns(names: Sequence[str]) -> tuple[int, int, int] | None:
    """Find the columns of heads, relations and tails by their names.

    :param names: the names of all columns
    :return: the three columns, from 0; None unless each of the three has one usual name, and one only
    """
    found: tuple[list[int], ...] = ([], [], [])
    for column, label in enumerate(names):
        name = re.sub(r"[\W_]", "", label.lower())
        for kind, known in enumerate(COLUMN_NAMES):
            if name in known or SUFFIX.sub("", name) in known:
                found[kind].append(column)
    if any(len(columns) != 1 for columns in found):
        return None
    head, relation, tail = (columns[0] for columns in found)
    return head, relation, tail


def find_other_forms(labels: Collection[str]) -> list[tuple[str, str]]:
    """Find labels that are the same text in two forms of Unicode: `é` as one character, and as `e` with an accent.

    :param labels: different labels
    :return: pairs of labels with the same normal form C
    """
    return _find_pairs(labels, normalize)


def find_padded(labels: Collection[str]) -> list[tuple[str, str]]:
    """Find labels that are the same text but for the white space around it, as of cells after a comma and a space.

    :param labels: different labels
    :return: pairs of labels with the same text
    """
    return _find_pairs(labels, lambda label: label.strip(WHITE_SPACE))


def _find_pairs(labels: Collection[str], normalize: Callable[[str], str]) -> list[tuple[str, str]]:
    """Find labels that have the same normal form as another one, or are its normal form."""
    known = {label: label for label in labels}
    pairs = []
    for label in labels:
        if (normal := normalize(label)) != label:
            other = known.setdefault(normal, label)
            if other != label:
                pairs.append((other, label))
    return pairs


def say_alike(alike: Alike, kind: str, number: int, pairs: Sequence[tuple[str, str]]) -> None:
    """Warn of labels that are, or look like, the same text.

    :param alike: in what way
    :param kind: ``"entities"`` or ``"relations"``
    :param number: the number of pairs
    :param pairs: some of them, or all
    """
    logger.warning(
        "Labels of %s (%s) are the same text %s, and are read as different: %s; %s.",
        kind,
        count(number, "pair"),
        alike.how,
        ", ".join(f"{one!a} and {other!a}" for one, other in pairs[:EXAMPLES]),
        alike.advice,
    )
