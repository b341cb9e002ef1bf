"""Options of commands that read tables of triples: their columns, and what becomes of what is probably a mistake."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Final

import click

from ..datasets import Columns

__all__ = ["with_columns", "with_policies"]

#: What is probably a mistake, and what its option says
_POLICIES: Final = {
    "header": "What becomes of a first line of column names.",
    "duplicates": "What becomes of a triple's second line.",
    "leakage": "What becomes of validation and test triples that are in another split, too.",
}


def with_columns(command: Callable[..., Any]) -> Callable[..., Any]:
    """Let a command have the options that name three columns, as its argument ``columns``.

    :param command: the command's function
    :return: the function with the options
    """

    @click.option("--head-column", help="The name of the column of heads, in a table with a header.")
    @click.option("--relation-column", help="The name of the column of relations.")
    @click.option("--tail-column", help="The name of the column of tails.")
    @functools.wraps(command)
    def run(head_column: str | None, relation_column: str | None, tail_column: str | None, **options: Any) -> Any:
        if head_column is None and relation_column is None and tail_column is None:
            return command(columns=None, **options)
        if not (head_column and relation_column and tail_column):
            raise click.UsageError("Give all three of --head-column, --relation-column and --tail-column, or none.")
        return command(columns=Columns(head_column, relation_column, tail_column), **options)

    return run


def with_policies(**defaults: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let a command have the options ``--header``, ``--duplicates`` and ``--leakage``.

    :param defaults: what becomes of each if nothing is said: ``"error"``, ``"drop"`` or ``"keep"``
    :return: a decorator of the command's function
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        # the option that is added last is shown first
        for name, text in reversed(_POLICIES.items()):
            choices = click.Choice(["error", "drop", "keep"])
            command = click.option(f"--{name}", type=choices, default=defaults[name], show_default=True, help=text)(
                command
            )
        return command

    return decorate
