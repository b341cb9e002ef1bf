"""What an examination finds."""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["Check", "Finding", "State", "first_line", "guarded"]


class State(str, enum.Enum):
    """How it is."""

    OK = "ok"
    #: Nothing is broken, but something is not there
    NOTE = "note"
    BROKEN = "not ok"


@dataclasses.dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    #: What was looked at
    topic: str
    state: State
    #: What was found
    text: str
    #: What would do, where something is missing or broken
    way_out: str | None = None
    #: The same for programs: types of JSON only
    details: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Convert to types of JSON."""
        return {**dataclasses.asdict(self), "state": self.state.value}


#: Looks at something, and may raise anything
Check = Callable[[], Iterable[Finding]]


def guarded(topic: str, check: Check) -> Iterator[Finding]:
    """Look at something; an error is a finding, too, as the rest is worth looking at all the same.

    :param topic: what is looked at
    :param check: looks at it
    :yields: what it finds
    """
    try:
        yield from check()
    except Exception as error:
        yield Finding(
            topic,
            State.BROKEN,
            first_line(error),
            "Install the package anew, in an environment of its own. If that does not help, report it with the output "
            "of `pykeen-conj-hale doctor --json`.",
        )


def first_line(error: BaseException) -> str:
    """Say an error in one line.

    :param error: the error
    :return: its type, and the first line of its message
    """
    message = str(error).strip()
    return f"{type(error).__name__}: {message.splitlines()[0]}" if message else type(error).__name__
