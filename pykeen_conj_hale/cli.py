"""The command line, ``pykeen-conj-hale``: what PyKEEN's own has no place for.

A new command is a :class:`click.Command` in a module of its part of the package, and a line in :data:`COMMANDS`: its
module is imported when the command is asked for, so that ``--help`` is quick and no part depends on another's extras.
"""

from __future__ import annotations

import importlib

import click

__all__ = ["COMMANDS", "main"]

#: Name of a command: its module and attribute, and what it does in a line
COMMANDS: dict[str, tuple[str, str]] = {
    "cooccurrence": ("pykeen_conj_hale.text.commands:cooccurrence", "Count which words and entities occur together."),
    "joint": ("pykeen_conj_hale.text.commands:joint", "Train a model jointly with text, from a configuration file."),
    "reproduce": ("pykeen_conj_hale.reproduce.commands:reproduce", "Run the tables of HaLE's paper again."),
    "report": ("pykeen_conj_hale.reproduce.commands:report", "Write tables and pictures of what `reproduce` found."),
}


class _LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pykeen-conj-hale")
def main() -> None:
    """Small, good knowledge graph embeddings: what PyKEEN's own command line has no place for."""
