"""Labels of entities and relations, looked up with a helpful error."""

from __future__ import annotations

from collections.abc import Mapping

from ..wording import suggest

__all__ = ["UnknownLabelError", "look_up"]


class UnknownLabelError(ValueError):
    """A label that the model does not know."""


def look_up(kind: str, label: str, ids: Mapping[str, int]) -> int:
    """Look up the id of a label.

    :param kind: ``"entity"`` or ``"relation"``, for the error
    :param label: the label
    :param ids: the ids of all labels
    :return: the id
    :raises UnknownLabelError: if there is none; the error suggests labels that look alike
    """
    if not isinstance(label, str):
        raise UnknownLabelError(f"{kind}={label!r} is not allowed: labels are text, as {str(label)!r}.")
    if label in ids:
        return ids[label]
    raise UnknownLabelError(
        f"{kind}={label!r} is unknown to the model, which has {len(ids):,} labels: {suggest(label, ids, 'label')}"
    )
