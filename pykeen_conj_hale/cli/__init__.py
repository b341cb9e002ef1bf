"""The command line, ``pykeen-conj-hale``: what PyKEEN's own has no place for.

A new command is a :class:`click.Command` in a module of this package, and a line in :data:`COMMANDS`. The module is
imported when the command is asked for: so ``--help`` is quick, and no command depends on another's extras.
"""

from __future__ import annotations

import click

from .group import LazyGroup

__all__ = ["COMMANDS", "main"]

#: Name of a command: its module and attribute, and what it does in a line
COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("pykeen_conj_hale.cli.train:train", "Train a model on your triples: the whole job."),
    "predict": ("pykeen_conj_hale.cli.use:predict", "Ask a trained model for tails, heads or relations."),
    "neighbours": ("pykeen_conj_hale.cli.use:neighbours", "Find the entities nearest to one."),
    "evaluate": ("pykeen_conj_hale.cli.use:evaluate", "Measure a trained model beside a trivial one."),
    "export": ("pykeen_conj_hale.cli.use:export", "Write vectors for other tools."),
    "triples": ("pykeen_conj_hale.cli.triples:triples", "Make a dataset of files larger than memory."),
    "cooccurrence": ("pykeen_conj_hale.cli.text:cooccurrence", "Count which words and entities occur together."),
    "joint": ("pykeen_conj_hale.cli.text:joint", "Train a model jointly with text, from a configuration file."),
    "words": ("pykeen_conj_hale.cli.words:words", "Train a model whose entities are composed of words."),
    "doctor": ("pykeen_conj_hale.cli.doctor:doctor", "Examine whether this installation works."),
    "reproduce": ("pykeen_conj_hale.cli.reproduce:reproduce", "Run the tables of HaLE's paper again."),
    "report": ("pykeen_conj_hale.cli.reproduce:report", "Write tables and pictures of what `reproduce` found."),
}


def _show_version(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    """Show the version, also where the package's metadata were left out, as in a frozen program."""
    if value and not ctx.resilient_parsing:
        from .. import __version__

        click.echo(f"pykeen-conj-hale, version {__version__}")
        ctx.exit()


@click.group(cls=LazyGroup, lazy_commands=COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show the version."
)
def main(debug: bool) -> None:
    """Small, good knowledge graph embeddings: what PyKEEN's own command line has no place for."""
