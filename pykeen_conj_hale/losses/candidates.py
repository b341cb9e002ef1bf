"""The candidates that queries are compared with: all entities, or a sample of them."""

from __future__ import annotations

from typing import Literal, TypeAlias

from ..checks import check_number, check_whole

__all__ = ["Candidates", "check_candidates"]

#: All entities, the size of a sample, or its share of all entities
Candidates: TypeAlias = int | float | Literal["all"]


def check_candidates(candidates: Candidates) -> Candidates:
    """Check the argument ``candidates`` of a loss.

    :param candidates: its value
    :return: the value, as a plain number if it is one
    :raises ValueError: if it is neither ``"all"``, nor a whole number ≥ 1, nor a fraction in (0, 1)
    """
    if candidates == "all":
        return "all"
    try:
        if isinstance(candidates, float):
            return check_number("candidates", candidates, above=0, below=1)
        return check_whole("candidates", candidates)
    except ValueError:
        raise ValueError(
            f"candidates={candidates!r} is not allowed: it must be 'all', the number of entities in a sample (a whole "
            "number ≥ 1), or their fraction of all entities (in (0, 1))."
        ) from None
