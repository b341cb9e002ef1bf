"""All that is looked at, in order."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import Final

from .finding import Finding, guarded

__all__ = ["CHECKS", "examine"]

#: What is looked at, by topic: module and function. What only needs the packages' metadata comes first
CHECKS: Final = (
    ("versions", "versions:check_versions"),
    ("extras", "versions:check_extras"),
    ("data folder", "folders:check_folders"),
    ("installation", "names:check_installation"),
    ("names", "names:check_names"),
    ("devices", "machine:check_devices"),
    ("threads", "machine:check_threads"),
    ("compiler", "machine:check_compiler"),
    ("streaming", "self_test:check_streaming"),
    ("training", "self_test:check_training"),
    ("checkpoint", "self_test:check_going_on"),
)


def examine(checks: Iterable[tuple[str, str]] = CHECKS) -> Iterator[Finding]:
    """Look at an installation.

    :param checks: what is looked at
    :yields: what is found, as soon as it is
    """
    for topic, where in checks:
        yield from guarded(topic, lambda where=where: _look(where))  # type: ignore[misc]


def _look(where: str) -> Iterable[Finding]:
    # imported here: one that cannot be imported is a finding, and the others are looked at
    module, _, function = where.partition(":")
    found: Iterable[Finding] = getattr(importlib.import_module(f"{__package__}.{module}"), function)()
    return found
