"""Optuna's journal file, with heartbeats, and with a lock that a killed or stopped worker cannot keep."""

from __future__ import annotations

import contextlib
import logging
import os
import random
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final, TypeAlias

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock
from optuna.trial import FrozenTrial, TrialState

from .heartbeat import HeartbeatFirst, make_retry

__all__ = ["open_journal"]

logger = logging.getLogger(__name__)

#: Where a journal has the time of a trial's last heartbeat
_HEARTBEAT: Final = "pykeen_conj_hale:heartbeat"

#: How Optuna begins each line
_HEAD: Final = b'{"op_code":'

#: The least number of seconds after which a lock counts as left behind; writing takes milliseconds
_MIN_PATIENCE: Final = 3.0

#: The longest pause, in seconds, between two tries to take a lock
_MAX_PAUSE: Final = 0.1

#: What tells one lock from the next: the file's number and the time of its making, in ns
_Identity: TypeAlias = tuple[int, int]


def open_journal(path: Path, heartbeat_seconds: int) -> JournalStorage:
    """Open a journal file, and make it if there is none, with its folder.

    :param path: the file; a relative path is that of now, wherever the program goes later
    :param heartbeat_seconds: the seconds from one heartbeat to the next
    :return: the storage
    :raises ValueError: if it cannot be opened, or is no journal
    """
    # the file itself, not a link to it: all its workers have to use the same lock
    file = path.resolve()
    try:
        _check_file(file)
        file.parent.mkdir(parents=True, exist_ok=True)
        return _Journal(file, heartbeat_seconds)
    # of a file that has something else in it: no JSON, or JSON without the fields of a journal
    except (OSError, ValueError, TypeError, LookupError, AttributeError, AssertionError) as error:
        raise ValueError(
            f"storage={str(path)!r} cannot be opened: {type(error).__name__}: {error}. It must be a journal file that "
            "this function made, or a new one in a folder that can be written to."
        ) from error


def _check_file(path: Path) -> None:
    """Refuse what has something else in it: this would be written to, and half a line would be cut off."""
    if not path.exists():
        return
    if not path.is_file():
        raise ValueError("it is no regular file")
    with path.open("rb") as file:
        if not _HEAD.startswith(file.read(len(_HEAD))):
            raise ValueError("it has something else in it")


class _Journal(HeartbeatFirst, JournalStorage):
    """Optuna's journal file, which has no heartbeat of its own: it is an attribute of the trial here.

    :param path: the file
    :param interval: the seconds from one heartbeat to the next
    """

    def __init__(self, path: Path, interval: int) -> None:
        # others go on while they still count as alive: that ends after two intervals
        lock = _JournalLock(path, patience=max(_MIN_PATIENCE, interval / 2))
        super().__init__(JournalFileBackend(str(path), lock_obj=lock))
        self._interval = interval

    def record_heartbeat(self, trial_id: int) -> None:
        """Write the time into the trial's attributes."""
        # a trial that was failed meanwhile has none; its worker notices when it writes something of the trial's own
        with contextlib.suppress(UpdateFinishedTrialError):
            self.set_trial_system_attr(trial_id, _HEARTBEAT, time.time())

    def _get_stale_trial_ids(self, study_id: int) -> list[int]:
        limit = time.time() - 2 * self._interval
        running = self.get_all_trials(study_id, deepcopy=False, states=(TrialState.RUNNING,))
        return [trial._trial_id for trial in running if trial.system_attrs.get(_HEARTBEAT, limit) < limit]

    def get_heartbeat_interval(self) -> int:
        """Get the seconds from one heartbeat to the next."""
        return self._interval

    def get_heartbeat_stale_trial_callback(self) -> Callable[[Study, FrozenTrial], None]:
        """Get what queues a trial once more."""
        return make_retry()


class _JournalLock(JournalFileOpenLock):
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
