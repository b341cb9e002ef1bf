"""Checks of numbers, with errors that name the argument."""

from __future__ import annotations

import math

__all__ = ["check_not_negative", "check_positive", "check_whole"]


def check_positive(**numbers: float) -> None:
    """Check that numbers are finite and > 0.

    :param numbers: the numbers by the names of their arguments
    :raises ValueError: if one is not
    """
    for name, value in numbers.items():
        if not _is_number(value) or not 0 < value < math.inf:
            raise ValueError(f"{name}={value!r} is not allowed: it must be a finite number > 0.")


def check_not_negative(**numbers: float) -> None:
    """Check that numbers are finite and ≥ 0.

    :param numbers: the numbers by the names of their arguments
    :raises ValueError: if one is not
    """
    for name, value in numbers.items():
        if not _is_number(value) or not 0 <= value < math.inf:
            raise ValueError(f"{name}={value!r} is not allowed: it must be a finite number ≥ 0.")


def check_whole(**numbers: int) -> None:
    """Check that numbers are whole and ≥ 1.

    :param numbers: the numbers by the names of their arguments
    :raises ValueError: if one is not
    """
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ValueError(f"{name}={value!r} is not allowed: it must be a whole number ≥ 1.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
