"""Time: a stopwatch that tells phases apart, and a number of seconds as a limit."""

from __future__ import annotations

import math
import numbers
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Final, TypeAlias

__all__ = ["Clock", "Duration", "Stopwatch", "TimeBudget", "parse_seconds"]

#: A monotonic clock, in seconds
Clock: TypeAlias = Callable[[], float]

#: What stands for a number of seconds: see :func:`parse_seconds`
Duration: TypeAlias = float | str | timedelta

_HH_MM_SS: Final = re.compile(r"(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)")


def parse_seconds(argument: str, value: Duration, *, positive: bool = False) -> float:
    """Read a number of seconds.

    :param argument: the name of the argument which holds the value, for the error
    :param value: seconds as a number, a :class:`datetime.timedelta`, or text of the form ``"HH:MM:SS"``
    :param positive: whether zero is refused, too
    :return: the seconds
    :raises ValueError: if the value is none of these, or not a finite number ≥ 0 (> 0 if it has to be positive)
    """
    seconds = math.nan
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str) and (match := _HH_MM_SS.fullmatch(value.strip())):
        hours, minutes, rest = match.groups()
        seconds = 3600 * int(hours) + 60 * int(minutes) + float(rest)
    elif isinstance(value, numbers.Real) and not isinstance(value, bool):
        seconds = float(value)
    if not math.isfinite(seconds) or seconds < 0 or (positive and seconds == 0):
        raise ValueError(
            f"{argument}={value!r} is not allowed: it must be a finite number of seconds {'>' if positive else '≥'} 0, "
            'a datetime.timedelta, or text of the form "HH:MM:SS".'
        )
    return seconds


class Stopwatch:
    """Measures seconds by phase; one phase runs at a time, or none.

    :param clock: a monotonic clock, in seconds
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.clock = clock
        self._seconds: dict[str, float] = {}
        self._running: str | None = None
        self._since = 0.0

    @property
    def seconds(self) -> dict[str, float]:
        """The seconds of each phase so far."""
        if self._running is None:
            return dict(self._seconds)
        return {**self._seconds, self._running: self.elapsed(self._running)}

    def elapsed(self, phase: str) -> float:
        """Look up the seconds of a phase so far."""
        seconds = self._seconds.get(phase, 0.0)
        return seconds + (self.clock() - self._since) if phase == self._running else seconds

    def switch(self, phase: str | None) -> str | None:
        """Stop the running phase and start another.

        :param phase: the phase to start; None for none
        :return: the phase which was running
        """
        now, previous = self.clock(), self._running
        if previous is not None:
            self._seconds[previous] = self._seconds.get(previous, 0.0) + (now - self._since)
        self._running, self._since = phase, now
        return previous

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Count the time inside as that of a phase, and of no other."""
        previous = self.switch(name)
        try:
            yield
        finally:
            self.switch(previous)

    def reset(self, seconds: Mapping[str, float] | None = None) -> None:
        """Start anew, or from given seconds; a running phase keeps running."""
        self._seconds, self._since = dict(seconds or {}), self.clock()


class TimeBudget:
    """A number of seconds of training, and how many of them are spent.

    :param seconds: the seconds: a number ≥ 0, a :class:`datetime.timedelta`, or ``"HH:MM:SS"``; 0 allows no step
    :param clock: a monotonic clock, in seconds
    :raises ValueError: if seconds is none of these
    """

    def __init__(self, seconds: Duration, clock: Clock = time.monotonic) -> None:
        self.seconds = parse_seconds("time_budget", seconds)
        self.stopwatch = Stopwatch(clock)

    @property
    def elapsed(self) -> float:
        """The seconds spent so far: those of the phase ``"training"``."""
        return self.stopwatch.elapsed("training")

    @property
    def is_spent(self) -> bool:
        """Whether nothing is left."""
        return self.elapsed >= self.seconds

    def __repr__(self) -> str:
        return f"TimeBudget(seconds={self.seconds:g}, elapsed={self.elapsed:.3f})"
