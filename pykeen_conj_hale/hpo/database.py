"""Optuna's databases, with heartbeats and with transactions that exclude each other."""

from __future__ import annotations

import random
import time
import traceback
import warnings
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, RDBStorage
from sqlalchemy import Connection, event
from sqlalchemy.exc import IntegrityError

from .heartbeat import HeartbeatFirst, make_retry
from .passwords import hide_passwords, redact

__all__ = ["open_database", "take_turns"]

#: How often a worker tries to open a database while others make its tables
_ATTEMPTS = 10

#: How many seconds a transaction waits for those of other processes, where one file is the database
_SQLITE_TIMEOUT = 60


class _Database(HeartbeatFirst, RDBStorage):
    """Optuna's database."""

    def __setstate__(self, state: dict[Any, Any]) -> None:
        super().__setstate__(state)
        take_turns(self)


def open_database(url: str, heartbeat_seconds: int) -> RDBStorage:
    """Open a database, and make Optuna's tables if there are none.

    :param url: its URL
    :param heartbeat_seconds: the seconds from one heartbeat to the next
    :return: the storage
    :raises ValueError: if it cannot be opened; a password in the URL is not shown
    """
    for attempt in range(_ATTEMPTS):
        try:
            return _open(url, heartbeat_seconds)
        except Exception as error:  # of any driver
            # of workers that begin together one makes the tables, and the others fail in the attempt
            another = isinstance(error, IntegrityError) or "exist" in str(error)
            if not another or attempt + 1 == _ATTEMPTS:
                reason = redact(str(error).partition("\n")[0], url)
                text = "".join(traceback.format_exception(error))
                # the error it comes from is shown below this one: not if it has the password in it
                cause = error if redact(text, url) == text else None
                raise ValueError(f"storage={hide_passwords(url)!r} cannot be opened: {reason}") from cause
            time.sleep(random.SystemRandom().uniform(0.1, 0.5))
    raise AssertionError


def _open(url: str, heartbeat_seconds: int) -> RDBStorage:
    options: dict[str, Any] = {}
    if url.startswith("sqlite"):
        options["connect_args"] = {"timeout": _SQLITE_TIMEOUT}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        database = _Database(
            # Optuna takes braces for a template of its own; in a URL they are part of a password
            url.replace("{", "{{").replace("}", "}}"),
            engine_kwargs=options,
            heartbeat_interval=heartbeat_seconds,
            grace_period=2 * heartbeat_seconds,
            heartbeat_stale_trial_callback=make_retry(),
        )
    take_turns(database)
    return database


def take_turns(storage: BaseStorage) -> None:
    """Have the transactions of an SQLite database exclude each other.

    Optuna reads a row with ``SELECT … FOR UPDATE`` and then writes it, as when a worker takes a trial. Nobody else may
    write in between, but SQLite has no ``FOR UPDATE``: its transactions lock the database at their first write, not at
    their first read. ``BEGIN IMMEDIATE`` locks it from the beginning.

    :param storage: any storage; all but SQLite databases give exclusive access themselves, and stay as they are
    """
    # what optuna.storages.get_storage returns is a cache around a database
    database = getattr(storage, "_backend", storage)
    if not isinstance(database, RDBStorage) or database.engine.dialect.name != "sqlite":
        return
    if not event.contains(database.engine, "begin", _begin_immediate):
        event.listen(database.engine, "begin", _begin_immediate)


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
