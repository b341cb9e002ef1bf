"""Looking names up, with errors that name the argument."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from class_resolver import ClassResolver, HintOrType

__all__ = ["check_choice", "resolve"]

X = TypeVar("X")


def resolve(resolver: ClassResolver[X], argument: str, query: HintOrType[X]) -> X:
    """Make an instance from a name, class or instance.

    :param resolver: the resolver
    :param argument: the name of the argument which holds the query, for the error
    :param query: the name, class or instance; None for the resolver's default
    :return: the instance
    :raises ValueError: if there is nothing of that name
    """
    try:
        resolver.lookup(query)
    except (KeyError, TypeError) as error:
        raise ValueError(f"{argument}={query!r} is unknown; choose one of {sorted(resolver.options)}.") from error
    return resolver.make(query)


def check_choice(argument: str, value: str, choices: Iterable[str]) -> str:
    """Check that a value is one of the choices.

    :param argument: the name of the argument which holds the value, for the error
    :param value: the value
    :param choices: what is allowed
    :return: the value
    :raises ValueError: if the value is none of the choices
    """
    choices = list(choices)
    if value not in choices:
        raise ValueError(f"{argument}={value!r} is unknown; choose one of {choices}.")
    return value
