"""Optuna's storages with heartbeats: what they are made of, and whom they miss."""

import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.storages import InMemoryStorage, JournalStorage, RDBStorage, fail_stale_trials, get_storage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import TrialState

from pykeen_conj_hale.hpo import make_storage


def hint(kind, folder):
    return f"sqlite:///{folder / 'study.db'}" if kind == "database" else folder / "new" / "study.journal"


@pytest.mark.parametrize(("kind", "cls"), [("database", RDBStorage), ("journal", JournalStorage)])
def test_storages_by_name(kind, cls, tmp_path):
    storage = make_storage(hint(kind, tmp_path), heartbeat_seconds=7)
    assert isinstance(storage, cls)
    assert storage.get_heartbeat_interval() == 7


def test_others_are_taken_as_they_are():
    storage = InMemoryStorage()
    assert make_storage(storage) is storage
    assert make_storage(None) is None


@pytest.mark.parametrize("kind", ["database", "journal"])
def test_an_instance_without_heartbeats_is_said(kind, tmp_path, caplog):
    if kind == "database":
        storage = RDBStorage(f"sqlite:///{tmp_path}/study.db")
    else:
        storage = JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))
    assert make_storage(storage) is storage
    (record,) = caplog.records
    assert f"storage={type(storage).__name__} has no heartbeats" in record.getMessage()
    assert "heartbeat_interval=" in record.getMessage()


@pytest.mark.filterwarnings("ignore:.*heartbeat_interval")
def test_an_instance_with_heartbeats_is_not(tmp_path, caplog):
    make_storage(RDBStorage(f"sqlite:///{tmp_path}/study.db", heartbeat_interval=60))
    make_storage(make_storage(hint("journal", tmp_path)))
    make_storage(InMemoryStorage())  # its only worker ends with it
    assert not caplog.records


@pytest.mark.parametrize("storage", ["study", "study.txt", Path("study.db"), 3, ""])
def test_unknown_storages(storage, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"storage=.* is unknown: it must be a database's URL"):
        make_storage(storage)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("storage", ["foo://bar", "sqlite:////no/such/folder/study.db"])
def test_databases_that_cannot_be_opened(storage):
    with pytest.raises(ValueError, match=rf"storage='{storage}' cannot be opened"):
        make_storage(storage)


@pytest.mark.parametrize("seconds", [0, -1, 0.5, True])
def test_bad_heartbeats(seconds, tmp_path):
    with pytest.raises(ValueError, match=rf"heartbeat_seconds={seconds}"):
        make_storage(hint("journal", tmp_path), heartbeat_seconds=seconds)


@pytest.mark.parametrize("kind", ["database", "journal"])
def test_a_trial_whose_worker_is_gone_is_queued_once_more(kind, tmp_path):
    """Also if the worker died right after it took the trial."""
    storage = get_storage(make_storage(hint(kind, tmp_path), heartbeat_seconds=1))
    study = optuna.create_study(storage=storage, study_name="s")
    study.enqueue_trial({"x": 3})
    lost = study.ask()
    alive = study.ask()
    fail_stale_trials(study)
    assert [t.state for t in study.trials] == [TrialState.RUNNING] * 2
    for _ in range(7):
        time.sleep(0.5)
        storage.record_heartbeat(alive._trial_id)
    fail_stale_trials(study)
    fail_stale_trials(study)
    assert [t.state for t in study.trials] == [TrialState.FAIL, TrialState.RUNNING, TrialState.WAITING]
    again = study.ask()
    assert again.number == 2
    assert again.suggest_int("x", 0, 9) == 3
    assert study.trials[2].system_attrs["failed_trial"] == lost.number


@pytest.mark.slow
def test_workers_that_begin_together(tmp_path):
    """Each tries to make the tables of a new database; all but one fail at first."""
    url = f"sqlite:///{tmp_path}/study.db"
    code = f"from pykeen_conj_hale.hpo.storage import make_storage; make_storage({url!r})"
    workers = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(3)]
    assert [worker.communicate(timeout=120)[1][-500:] * bool(worker.returncode) for worker in workers] == [b""] * 3
