"""Optuna's storages, with a heartbeat of each running trial: if it ends, the trial is queued once more.

Two things here are private to Optuna, and its next release may change them: the class ``BaseHeartbeat`` of its module
``optuna.storages._heartbeat``, which has the hooks that a storage with heartbeats implements, and ``_trial_id`` of a
trial, which those hooks return.
"""

from __future__ import annotations

import random
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from optuna import Study
from optuna.exceptions import ExperimentalWarning
from optuna.storages import BaseStorage, JournalStorage, RDBStorage, RetryHeartbeatStaleTrialCallback
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import IntegrityError

from ..checks import check_whole

__all__ = ["StorageHint", "make_storage"]

#: See :func:`make_storage`
StorageHint: TypeAlias = str | Path | BaseStorage | None

#: How often a trial that lost its worker is begun anew; perhaps the trial itself kills its workers
_MAX_RETRY = 3

#: How often a worker tries to open a database while others make its tables
_ATTEMPTS = 10

#: Where a journal has the time of a trial's last heartbeat
_HEARTBEAT = "pykeen_conj_hale:heartbeat"


class _HeartbeatFirst(BaseHeartbeat):
    """Records a heartbeat before it takes a trial: so a worker that is killed in between is noticed, too."""

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        taken: bool = super().set_trial_state_values(trial_id, state, values)  # type: ignore[misc]
        return taken


class _Database(_HeartbeatFirst, RDBStorage):
    """Optuna's database."""


class _Journal(_HeartbeatFirst, JournalStorage):
    """Optuna's journal file, which has no heartbeat of its own: it is an attribute of the trial here.

    :param path: the file
    :param interval: the seconds from one heartbeat to the next
    """

    def __init__(self, path: Path, interval: int) -> None:
        super().__init__(JournalFileBackend(str(path)))
        self._interval = interval

    def record_heartbeat(self, trial_id: int) -> None:
        """Write the time into the trial's attributes."""
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
        return _retry()


def make_storage(storage: StorageHint, heartbeat_seconds: int = 30) -> BaseStorage | None:
    """Make a storage of Optuna's, with heartbeats.

    :param storage: a database's URL (``"sqlite:///study.db"`` for one machine, ``"postgresql://…"`` for many), the path
        of a journal file (``"study.journal"``), an instance, which is taken as it is, or None for this process only
    :param heartbeat_seconds: the seconds from one heartbeat to the next; after twice as many without one, a trial's
        worker is taken for dead
    :return: the storage
    :raises ValueError: if it is none of these, or cannot be opened
    """
    if storage is None or isinstance(storage, BaseStorage):
        return storage
    check_whole("heartbeat_seconds", heartbeat_seconds)
    if isinstance(storage, str) and "://" in storage:
        return _open_database(storage, heartbeat_seconds)
    if isinstance(storage, str | Path) and Path(storage).suffix == ".journal":
        path = Path(storage)
        path.parent.mkdir(parents=True, exist_ok=True)
        return _Journal(path, heartbeat_seconds)
    raise ValueError(
        f'storage={storage!r} is unknown: it must be a database\'s URL ("sqlite:///study.db", "postgresql://user@host/'
        'name"), the path of a journal file ("study.journal"), or one of Optuna\'s storages.'
    )


def _open_database(url: str, heartbeat_seconds: int) -> RDBStorage:
    options: dict[str, Any] = {}
    if url.startswith("sqlite"):
        # wait for other processes' transactions
        options["connect_args"] = {"timeout": 60}
    for attempt in range(_ATTEMPTS):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ExperimentalWarning)
                return _Database(
                    url,
                    engine_kwargs=options,
                    heartbeat_interval=heartbeat_seconds,
                    grace_period=2 * heartbeat_seconds,
                    heartbeat_stale_trial_callback=_retry(),
                )
        except Exception as error:  # of any driver
            # of workers that begin together one makes the tables, and the others fail in the attempt
            another = isinstance(error, IntegrityError) or "exist" in str(error)
            if not another or attempt + 1 == _ATTEMPTS:
                raise ValueError(f"storage={url!r} cannot be opened: {str(error).splitlines()[0]}") from error
            time.sleep(random.SystemRandom().uniform(0.1, 0.5))
    raise AssertionError


def _retry() -> RetryHeartbeatStaleTrialCallback:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RetryHeartbeatStaleTrialCallback(max_retry=_MAX_RETRY)
