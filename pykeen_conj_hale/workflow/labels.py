"""Labels of entities and relations, looked up in any form of Unicode, with a helpful error."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..embeddings.labeled import match_labels
from ..wording import suggest

__all__ = ["UnknownLabelError", "find_ids", "look_up"]


class UnknownLabelError(ValueError):
    """A label that the model does not know."""


def look_up(kind: str, label: str, ids: Mapping[str, int]) -> int:
    """Look up the id of a label.

    :param kind: ``"entity"`` or ``"relation"``, for the error
    :param label: the label, as it is or in another form of Unicode
    :param ids: the ids of all labels
    :return: the id
    :raises UnknownLabelError: if there is none; the error suggests labels that look alike
    """
    if not isinstance(label, str):
        raise UnknownLabelError(f"{kind}={label!r} is not allowed: labels are text, as {str(label)!r}.")
    # without a look at all labels, where it is there as it is
    (found,) = [ids[label]] if label in ids else find_ids([label], ids)
    if found is not None:
        return found
    raise UnknownLabelError(
        f"{kind}={label!r} is unknown to the model, which has {len(ids):,} labels: {suggest(label, ids, 'label')}"
    )


def find_ids(labels: Sequence[str], ids: Mapping[str, int]) -> list[int | None]:
    """Find the ids of labels: see :func:`~pykeen_conj_hale.embeddings.labeled.match_labels`.

    :param labels: the labels, as they are or in another form of Unicode
    :param ids: the ids of all labels
    :return: the id of each; None where there is none
    """
    known = list(ids)
    return [None if place is None else ids[known[place]] for place in match_labels(labels, known)]
