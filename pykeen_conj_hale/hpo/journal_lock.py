"""The lock of a journal file, which a killed or stopped worker cannot keep."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
import uuid
from pathlib import Path
from typing import Final, TypeAlias

from optuna.storages.journal import JournalFileOpenLock

__all__ = ["JournalLock"]

logger = logging.getLogger(__name__)

#: The longest pause, in seconds, between two tries to take a lock
_MAX_PAUSE: Final = 0.1

#: What tells one lock from the next: the file's number and the time of its making, in ns
_Identity: TypeAlias = tuple[int, int]


class JournalLock(JournalFileOpenLock):
    """Lets one process write at a time, also on network file systems and on Windows: whoever makes a file has the lock.

    A process that is killed leaves the file behind, and one that is stopped keeps it. The others take it away when it
    is the same for too long. Optuna's locks do this, too, but a stopped process that goes on then removes the lock of
    another one, or ends with an error.

    :param path: the journal
    :param patience: the seconds after which a lock is taken away
    """

    def __init__(self, path: Path, patience: float) -> None:
        super().__init__(str(path), grace_period=None)
        self._journal, self._path, self._patience = path, path.with_name(f"{path.name}.lock"), patience
        self._own: _Identity | None = None

    def acquire(self) -> bool:
        """Take the lock, and remove what its last holder may have left half written.

        :return: True
        """
        seen, since, pause = None, time.monotonic(), 0.001
        while not self._make():
            other = self._identify()
            if other is None or other != seen:
                seen, since = other, time.monotonic()
            elif time.monotonic() - since > self._patience:
                self._take_away(other)
            time.sleep(random.SystemRandom().uniform(0, pause))
            pause = min(2 * pause, _MAX_PAUSE)
        _cut_off_half_a_line(self._journal)
        return True

    def release(self) -> None:
        """Give the lock back, unless it was taken away."""
        if self._own is not None and self._identify() == self._own:
            self._path.unlink(missing_ok=True)
        else:
            logger.warning("%s was taken away from this process, which did not run for too long.", self._path)
        self._own = None

    def _make(self) -> bool:
        try:
            descriptor = os.open(self._path, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
        except FileExistsError:
            return False
        os.close(descriptor)
        self._own = self._identify()
        return True

    def _identify(self) -> _Identity | None:
        return _identify(self._path)

    def _take_away(self, other: _Identity) -> None:
        aside = self._path.with_name(f"{self._path.name}.{uuid.uuid4().hex}")
        try:
            # one of those that wait can do this
            os.rename(self._path, aside)
        except FileNotFoundError:
            return
        if _identify(aside) == other:
            logger.warning("%s was left behind by a process that was killed or stopped: it is taken away.", self._path)
        else:
            # another one was faster, and this is the new lock: it goes back, unless there is one again
            with contextlib.suppress(FileExistsError):
                os.link(aside, self._path)
        aside.unlink()


def _identify(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


def _cut_off_half_a_line(path: Path) -> None:
    """Remove a line without an end: nobody was told that it is written, and it is an error to whoever reads on."""
    with path.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        if size == 0:
            return
        file.seek(size - 1)
        if file.read() != b"\n":
            file.seek(0)
            file.truncate(file.read().rfind(b"\n") + 1)
