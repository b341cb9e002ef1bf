"""The command ``doctor``."""

from __future__ import annotations

import json
import logging
import textwrap
from collections.abc import Iterable, Iterator

import click

from ..doctor import Finding, State, examine
from ..wording import count
from .options import show_log

__all__ = ["doctor"]

COLOURS = {State.OK: "green", State.NOTE: "yellow", State.BROKEN: "red"}
WIDTH = 110


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Write JSON, for programs and for reports.")
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Examine whether this installation works.

    Looks at versions, at the names that PyKEEN finds, at devices, threads, the compiler and folders. Then trains a tiny
    graph for some seconds. The exit code is 1 if something is broken.
    """
    show_log(logging.ERROR)
    found = list(examine() if as_json else _show(examine()))
    broken = [finding for finding in found if finding.state is State.BROKEN]
    if as_json:
        content = {"ok": not broken, "findings": [finding.as_dict() for finding in found]}
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        click.echo(f"\n{count(len(broken), 'thing')} broken." if broken else "\nAll is well.")
    if broken:
        ctx.exit(1)


def _show(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Show each finding as soon as it is there."""
    for finding in findings:
        state = click.style(f"{finding.state.value:6}", fg=COLOURS[finding.state])
        lines = textwrap.wrap(f"{finding.topic}: {finding.text}", WIDTH)
        if finding.way_out:
            lines += textwrap.wrap(f"→ {finding.way_out}", WIDTH, subsequent_indent="  ")
        click.echo(f"{state}  " + f"\n{'':8}".join(lines))
        yield finding
