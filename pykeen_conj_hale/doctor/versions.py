"""Versions, and whether they are those that this package asks for."""

from __future__ import annotations

import platform
import shlex
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import Requirement

from .. import __version__
from ..entry_points import DISTRIBUTION
from ..wording import count
from .finding import Finding, State

__all__ = ["check_extras", "check_versions"]


def check_versions() -> Iterator[Finding]:
    """Compare the versions of what is required with what is there.

    :yields: the versions, and what does not fit
    """
    found = {DISTRIBUTION: __version__, "Python": platform.python_version()}
    found |= {name: _version(name) or "missing" for name in ("pykeen", "torch", "optuna", "numpy", "pandas")}
    text = ", ".join(f"{name} {number}" for name, number in found.items())
    yield Finding("versions", State.OK, f"{text}; {platform.platform()}", details=found)
    requirements = _requirements("")
    if not requirements:
        yield Finding("requirements", State.NOTE, "not checked: there are no metadata, as in a frozen program")
        return
    unmet = [requirement for requirement in requirements if not _is_met(requirement)]
    if not unmet:
        text = f"{count(len(requirements), 'requirement')} met"
        yield Finding("requirements", State.OK, text)
    for requirement in unmet:
        there = _version(requirement.name)
        text = f"{_text(requirement)} is needed, and {'none' if there is None else there} is there"
        yield Finding("requirements", State.BROKEN, text, f"pip install {shlex.quote(_text(requirement))}")


def check_extras() -> Iterator[Finding]:
    """Look at what is optional: an extra may be missing, but not be there in a version that does not fit.

    :yields: the extras that are there, those that are not, and what does not fit
    """
    there: list[str] = []
    missing: list[str] = []
    for extra in _extras():
        requirements = _requirements(extra)
        unmet = [requirement for requirement in requirements if not _is_met(requirement)]
        (missing if unmet else there).append(extra)
        for requirement in unmet:
            if (number := _version(requirement.name)) is not None:
                text = f"{extra}: {_text(requirement)} is needed, and {number} is there"
                yield Finding("extras", State.BROKEN, text, f"pip install '{DISTRIBUTION}[{extra}]'")
    details = {"installed": there, "missing": missing}
    text = f"installed: {', '.join(there) or 'none'}"
    if not missing:
        yield Finding("extras", State.OK, text, details=details)
    else:
        way_out = f"If you need them: pip install '{DISTRIBUTION}[{','.join(missing)}]'"
        yield Finding("extras", State.NOTE, f"{text}; not installed: {', '.join(missing)}", way_out, details)


def _requirements(extra: str) -> list[Requirement]:
    """Read what the package needs: always, or for an extra only."""
    found = [Requirement(line) for line in _metadata()]
    return [
        requirement
        for requirement in found
        if (requirement.marker is None or requirement.marker.evaluate({"extra": extra}))
        and bool(extra) == ("extra ==" in str(requirement.marker))
    ]


def _extras() -> list[str]:
    lines = [line.partition("extra ==")[2].strip(" '\"") for line in _metadata()]
    return sorted({extra for extra in lines if extra})


def _metadata() -> list[str]:
    try:
        return requires(DISTRIBUTION) or []
    except PackageNotFoundError:
        return []


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _is_met(requirement: Requirement) -> bool:
    there = _version(requirement.name)
    return there is not None and requirement.specifier.contains(there, prereleases=True)


def _text(requirement: Requirement) -> str:
    """Write a requirement without its marker."""
    extras = f"[{','.join(sorted(requirement.extras))}]" if requirement.extras else ""
    return f"{requirement.name}{extras}{requirement.specifier}"
