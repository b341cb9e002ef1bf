"""Optuna's journal file, with heartbeats, and with a lock that a killed or stopped worker cannot keep."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from optuna import Study
from optuna.exceptions import UpdateFinishedTrialError
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from .heartbeat import HeartbeatFirst, make_retry
from .journal_lock import JournalLock

__all__ = ["open_journal"]

#: Where a journal has the time of a trial's last heartbeat
_HEARTBEAT: Final = "pykeen_conj_hale:heartbeat"

#: How Optuna begins each line
_HEAD: Final = b'{"op_code":'

#: The least number of seconds after which a lock counts as left behind; writing takes milliseconds
_MIN_PATIENCE: Final = 3.0


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
        lock = JournalLock(path, patience=max(_MIN_PATIENCE, interval / 2))
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
