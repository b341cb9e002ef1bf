"""What the options of several commands share: files, folders, values with checks, and the log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import click

from ..checks import MAX_SEED

__all__ = ["COLUMNS", "FILE", "FOLDER", "FORCE", "SEED", "TARGET", "Parsed", "show_log"]

#: A file to read
FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
#: A file to write
TARGET: Final = click.Path(dir_okay=False, path_type=Path)
#: A folder to write to
FOLDER: Final = click.Path(file_okay=False, path_type=Path)
#: A seed
SEED: Final = click.IntRange(min=0, max=MAX_SEED)
#: Replaces what an earlier run wrote
FORCE: Final = click.option("--force", is_flag=True, help="Replace what is there already.")


class Parsed(click.ParamType):  # type: ignore[type-arg]  # older versions of click have no generic class
    """A value that a function makes of the text; where it raises a ValueError, the option is named.

    :param name: what stands for the value in the help
    :param parse: the function
    """

    def __init__(self, name: str, parse: Callable[[str], Any]) -> None:
        self.name = name
        self._parse = parse

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Parse the text; a default is taken as it is."""
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


def _columns(text: str) -> list[int]:
    try:
        return [int(column) for column in text.split(",")]
    except ValueError as error:
        raise ValueError(f"columns {text!r} must be whole numbers, separated by commas.") from error


#: Numbers of columns
COLUMNS: Final = Parsed("columns", _columns)


def show_log(level: int) -> None:
    """Show what is logged, on standard error.

    :param level: the least important level that is shown
    """
    # by the handler: PyKEEN's loggers have a level of their own, INFO
    handler = logging.StreamHandler()
    handler.setLevel(level)
    logging.basicConfig(level=level, handlers=[handler], format="%(levelname)s: %(message)s")
