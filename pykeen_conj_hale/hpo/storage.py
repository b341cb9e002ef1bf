"""Storages of Optuna's, with a heartbeat of each running trial: if it ends, the trial is queued once more.

Some things in this room are private to Optuna, and its next release may change them: of its module
``optuna.storages._heartbeat`` the class ``BaseHeartbeat``, which has the hooks that a storage with heartbeats
implements, and the function ``is_heartbeat_enabled``, which tells whether a storage has any; ``_trial_id`` of a
trial, which those hooks return; and ``_backend``, the database behind its cache.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TypeAlias

from optuna.storages import BaseStorage, InMemoryStorage
from optuna.storages._heartbeat import is_heartbeat_enabled

from ..checks import check_whole
from .database import open_database, take_turns
from .journal import open_journal
from .passwords import hide_passwords

__all__ = ["StorageHint", "has_heartbeats", "make_storage"]

logger = logging.getLogger(__name__)

#: See :func:`make_storage`
StorageHint: TypeAlias = str | Path | BaseStorage | None


def make_storage(storage: StorageHint, heartbeat_seconds: int = 30) -> BaseStorage | None:
    """Make a storage of Optuna's, with heartbeats.

    :param storage: a database's URL (``"sqlite:///study.db"`` for one machine, ``"postgresql://…"`` for many), the path
        of a journal file (``"study.journal"``), an instance, which is taken as it is (except that transactions of an
        SQLite database exclude each other from then on), or None for this process only. The log warns of an instance
        without heartbeats
    :param heartbeat_seconds: the seconds from one heartbeat to the next; after twice as many without one, a trial's
        worker is taken for dead
    :return: the storage
    :raises ValueError: if it is none of these, or cannot be opened; the error shows no password
    """
    if storage is None:
        return None
    if isinstance(storage, BaseStorage):
        take_turns(storage)
        # one in the memory ends with its only worker
        if not has_heartbeats(storage) and not isinstance(storage, InMemoryStorage):
            logger.warning(
                "storage=%s has no heartbeats: a trial whose worker is killed stays RUNNING, and all other workers "
                "wait for it. Give the database's URL or the path of the journal file instead, or RDBStorage(…, "
                "heartbeat_interval=…, heartbeat_stale_trial_callback=RetryHeartbeatStaleTrialCallback()).",
                type(storage).__name__,
            )
        return storage
    check_whole("heartbeat_seconds", heartbeat_seconds)
    if isinstance(storage, str) and "://" in storage:
        return open_database(storage, heartbeat_seconds)
    if isinstance(storage, str | Path) and Path(storage).suffix == ".journal":
        return open_journal(Path(storage), heartbeat_seconds)
    shown = repr(hide_passwords(str(storage)) if isinstance(storage, str | Path) else storage)
    raise ValueError(
        f'storage={shown} is unknown: it must be a database\'s URL ("sqlite:///study.db", "postgresql://user@host/'
        'name"), the path of a journal file ("study.journal"), or one of Optuna\'s storages.'
    )


def has_heartbeats(storage: BaseStorage) -> bool:
    """Tell whether running trials give signs of life in a storage.

    :param storage: the storage
    :return: whether they do
    """
    return is_heartbeat_enabled(storage)
