"""Checks of arguments: each error names the argument, its value, and what would do.

A value is a number (:func:`check_number`), a whole number (:func:`check_whole`), a seed (:func:`check_seed`), true or
false (:func:`check_bool`), a choice (:func:`check_choice`), sides (:func:`check_targets`), a path (:func:`check_path`),
or the name of something in a resolver (:func:`look_up` for its class, :func:`resolve` for an instance). NumPy's scalars
count, too; strings are neither.
"""

from __future__ import annotations

import math
import numbers
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias, TypeVar

import numpy as np
from class_resolver import ClassResolver, HintOrType

from .wording import suggest

__all__ = [
    "MAX_SEED",
    "SIDES",
    "Side",
    "check_bool",
    "check_choice",
    "check_number",
    "check_path",
    "check_seed",
    "check_targets",
    "check_whole",
    "look_up",
    "resolve",
]

#: A side of a triple that can be asked for: one of PyKEEN's targets
Side: TypeAlias = Literal["head", "tail"]
SIDES: Final[Sequence[Side]] = ("head", "tail")

#: The largest seed that NumPy takes, and so PyKEEN
MAX_SEED: Final = 2**32 - 1

X = TypeVar("X")

#: The largest number of names that an error lists
LISTED: Final = 20
#: How PyKEEN's command line lists the names of a resolver, by the name of its base class
LISTING: Final = {
    "Model": "models",
    "Loss": "losses",
    "Dataset": "datasets",
    "Regularizer": "regularizers",
    "Optimizer": "optimizers",
    "TrainingLoop": "training-loops",
}


def check_number(
    argument: str,
    value: object,
    *,
    above: float | None = None,
    minimum: float | None = None,
    below: float | None = None,
    maximum: float | None = None,
) -> float:
    """Check a finite number in an interval; a bool is none.

    :param argument: the argument's name
    :param value: its value
    :param above: what it must be larger than
    :param minimum: the smallest number allowed
    :param below: what it must be smaller than
    :param maximum: the largest number allowed
    :return: the value
    :raises ValueError: if it is no such number
    """
    number = _as_float(value)
    fits = (
        math.isfinite(number)
        and (above is None or number > above)
        and (minimum is None or number >= minimum)
        and (below is None or number < below)
        and (maximum is None or number <= maximum)
    )
    if not fits:
        interval = _interval(above, minimum, below, maximum)
        raise ValueError(f"{argument}={value!r} is not allowed: it must be a finite number{interval}.")
    return number


def check_whole(argument: str, value: object, *, minimum: int = 1, maximum: int | None = None) -> int:
    """Check a whole number; a bool is none.

    :param argument: the argument's name
    :param value: its value
    :param minimum: the smallest number allowed
    :param maximum: the largest number allowed
    :return: the value
    :raises ValueError: if it is no such number
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if is_whole and maximum is None and value > sys.maxsize:  # type: ignore[operator]
        maximum = sys.maxsize  # of an index, whatever is counted
    if not is_whole or value < minimum or (maximum is not None and value > maximum):  # type: ignore[operator]
        interval = _interval(None, minimum, None, maximum)
        raise ValueError(f"{argument}={value!r} is not allowed: it must be a whole number{interval}.")
    return int(value)  # type: ignore[call-overload, no-any-return]


def check_seed(argument: str, value: object) -> int:
    """Check a seed.

    :param argument: the argument's name
    :param value: its value
    :return: the value
    :raises ValueError: if it is no whole number from 0 to 2³² − 1
    """
    return check_whole(argument, value, minimum=0, maximum=MAX_SEED)


def check_bool(argument: str, value: object) -> bool:
    """Check that a value is true or false: a bool, also NumPy's, but no number and no string.

    :param argument: the argument's name
    :param value: its value
    :return: the value
    :raises ValueError: if it is neither
    """
    if not isinstance(value, bool | np.bool_):
        raise ValueError(f"{argument}={value!r} is not allowed: it must be True or False.")
    return bool(value)


def check_choice(argument: str, value: object, choices: Iterable[X]) -> X:
    """Check that a value is one of the choices.

    :param argument: the argument's name
    :param value: its value
    :param choices: what is allowed
    :return: the value
    :raises ValueError: if it is none of them
    """
    choices = list(choices)
    # the type first: arrays have no truth value when they are compared, and True equals 1
    equal = [choice for choice in choices if isinstance(value, type(choice)) and value == choice]
    if not equal:
        raise ValueError(_unknown(argument, value, choices))
    return equal[0]


def check_targets(targets: object) -> list[Side]:
    """Check the argument ``targets``: which sides are to be predicted.

    :param targets: its value
    :return: the sides
    :raises ValueError: if it is no collection of sides, or empty
    """
    given = list(targets) if isinstance(targets, list | tuple | set | frozenset) else []
    if not given:
        raise ValueError(f"targets={targets!r} is not allowed: it must be a list of sides, of {list(SIDES)}.")
    return [check_choice("targets", target, SIDES) for target in given]


def check_path(argument: str, value: object) -> Path:
    """Check that a value names a file or a folder, which need not be there.

    :param argument: the argument's name
    :param value: its value
    :return: the path
    :raises ValueError: if it is neither text nor a path, or empty, or no system has such a name
    """
    if not isinstance(value, str | os.PathLike):
        raise ValueError(f"{argument}={value!r} is not allowed: it must be the path of a file or a folder.")
    name = os.fspath(value)
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise ValueError(f"{argument}={value!r} is not allowed: no file or folder can be called so.")
    return Path(name)


def look_up(resolver: ClassResolver[X], argument: str, query: HintOrType[X]) -> type[X]:
    """Find a class by its name.

    :param resolver: the resolver
    :param argument: the argument's name
    :param query: the name, the class, or an instance; None for the resolver's default
    :return: the class
    :raises ValueError: if there is nothing of that name; the error lists the names, or of many those that look alike
    """
    try:
        return resolver.lookup(query)
    except (KeyError, TypeError) as error:
        raise ValueError(_unknown_name(resolver, argument, query)) from error


def resolve(resolver: ClassResolver[X], argument: str, query: HintOrType[X], *, default: HintOrType[X]) -> X:
    """Make an instance from a name, class or instance.

    :param resolver: the resolver
    :param argument: the argument's name
    :param query: the name, class or instance; None for the default
    :param default: the argument's own default, which need not be the resolver's
    :return: the instance
    :raises ValueError: if there is nothing of that name
    """
    query = default if query is None else query
    look_up(resolver, argument, query)
    return resolver.make(query)


def _as_float(value: object) -> float:
    """Convert a number; what is none, or too large, is not finite."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _unknown(argument: str, value: object, choices: Iterable[object]) -> str:
    return f"{argument}={value!r} is unknown; choose one of {list(choices)}."


def _unknown_name(resolver: ClassResolver[Any], argument: str, query: object) -> str:
    names = sorted(resolver.options)
    if len(names) <= LISTED:
        return _unknown(argument, query, names)
    command = LISTING.get(resolver.base.__name__)
    lists = f"`pykeen ls {command}` lists" if command else f"the options of {resolver.base.__name__}'s resolver are"
    return f"{argument}={query!r} is unknown: {suggest(str(query), names, 'name')} There are {len(names)}; {lists} all."


def _interval(above: float | None, minimum: float | None, below: float | None, maximum: float | None) -> str:
    """Write the interval of allowed numbers."""
    low = None if above is None and minimum is None else f"({above:g}" if minimum is None else f"[{minimum:g}"
    high = None if below is None and maximum is None else f"{below:g})" if maximum is None else f"{maximum:g}]"
    if low and high:
        return f" in {low}, {high}"
    if low:
        return f" {'>' if minimum is None else '≥'} {low[1:]}"
    return "" if high is None else f" {'<' if maximum is None else '≤'} {high[:-1]}"
