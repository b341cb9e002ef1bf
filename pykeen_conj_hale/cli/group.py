"""The group of all commands: it imports a command when it is asked for, and ends all of them the same way.

Exit codes: 0, all is well; 1, a run failed, or what is needed is in use; 2, the input is wrong; 130, Ctrl-C.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import click

__all__ = ["InputError", "LazyGroup"]

#: The exit code of a program that Ctrl-C ended, as shells have it
INTERRUPTED: Final = 130


class InputError(click.ClickException):
    """What a command reads is wrong, in a file or a folder rather than in an option."""

    exit_code = click.UsageError.exit_code


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for.

    :param lazy_commands: the name of each command; its module and attribute, and what it does in a line
    :param kwargs: further arguments of :class:`click.Group`
    """

    def __init__(self, *, lazy_commands: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.lazy_commands = lazy_commands

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names."""
        return list(self.lazy_commands)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in self.lazy_commands:
            return None
        module, _, attribute = self.lazy_commands[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self.lazy_commands.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; show errors of its input without a traceback, and end at Ctrl-C."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            click.echo(f"\nInterrupted. {interrupt}".rstrip(), err=True)
            ctx.exit(INTERRUPTED)
        except BrokenPipeError:
            raise  # the reader of the output has gone: click knows what to do
        except (OSError, ValueError, TypeError, ImportError) as error:
            if ctx.params.get("debug"):
                raise
            raise InputError(str(error)) from error
