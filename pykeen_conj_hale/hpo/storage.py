"""Storages of Optuna's, with a heartbeat of each running trial: if it ends, the trial is queued once more.

Some things in this room are private to Optuna, and its next release may change them: the class ``BaseHeartbeat`` of its
module ``optuna.storages._heartbeat``, which has the hooks that a storage with heartbeats implements; ``_trial_id`` of a
trial, which those hooks return; and ``_backend``, the database behind its cache.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

from optuna.storages import BaseStorage

from ..checks import check_whole
from .database import open_database, take_turns
from .journal import open_journal
from .passwords import hide_passwords

__all__ = ["StorageHint", "make_storage"]

#: See :func:`make_storage`
StorageHint: TypeAlias = str | Path | BaseStorage | None


def make_storage(storage: StorageHint, heartbeat_seconds: int = 30) -> BaseStorage | None:
    """Make a storage of Optuna's, with heartbeats.

    :param storage: a database's URL (``"sqlite:///study.db"`` for one machine, ``"postgresql://…"`` for many), the path
        of a journal file (``"study.journal"``), an instance, which is taken as it is (except that transactions of an
        SQLite database exclude each other from then on), or None for this process only
    :param heartbeat_seconds: the seconds from one heartbeat to the next; after twice as many without one, a trial's
        worker is taken for dead
    :return: the storage
    :raises ValueError: if it is none of these, or cannot be opened; the error shows no password
    """
    if storage is None:
        return None
    if isinstance(storage, BaseStorage):
        take_turns(storage)
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
