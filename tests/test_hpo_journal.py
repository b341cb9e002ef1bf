"""The journal file: its lock, whatever happens to whoever has it, and what is no journal."""

import logging
import os
import signal
import threading
from pathlib import Path

import optuna
import pytest

from pykeen_conj_hale.hpo import journal, make_storage
from pykeen_conj_hale.hpo.journal_lock import JournalLock, _identify


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "study.journal"
    path.touch()
    return path


def die_with_the_lock(lock):
    """Take the lock in another process, which is killed then."""
    if (child := os.fork()) == 0:
        lock.acquire()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)


def test_a_relative_path_and_a_killed_worker_that_had_the_lock(tmp_path, monkeypatch, caplog):
    """The others go on, also if the program has changed its folder meanwhile."""
    monkeypatch.setattr(journal, "_MIN_PATIENCE", 0.2)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    storage = make_storage("sub/study.journal", heartbeat_seconds=1)
    lock = storage._backend._lock
    die_with_the_lock(lock)
    assert (tmp_path / "sub" / "study.journal.lock").exists()
    monkeypatch.chdir("elsewhere")
    with caplog.at_level(logging.WARNING):
        optuna.create_study(storage=storage, study_name="s")
    assert "study.journal.lock was left behind by a process that was killed or stopped" in caplog.text
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["study.journal"]
    assert [study.study_name for study in make_storage(tmp_path / "sub" / "study.journal").get_all_studies()] == ["s"]


def test_two_names_of_a_file_have_one_lock(path):
    link = path.with_name("link.journal")
    link.symlink_to(path)
    assert make_storage(link)._backend._lock._path == make_storage(path)._backend._lock._path


def test_no_symbolic_links_are_needed(path, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError("A required privilege is not held by the client")

    monkeypatch.setattr(os, "symlink", refuse)
    study = optuna.create_study(storage=make_storage(path), study_name="s")
    study.enqueue_trial({})
    assert len(make_storage(path).get_all_trials(0)) == 1


def test_one_at_a_time(path, tmp_path):
    """Adding one, in two steps, by several threads with locks of their own: no sum is lost."""
    number = tmp_path / "number"
    number.write_text("0")

    def add(times=25):
        lock = JournalLock(path, patience=60)
        for _ in range(times):
            lock.acquire()
            number.write_text(str(int(number.read_text()) + 1))
            lock.release()

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert number.read_text() == "100"


def test_who_was_stopped_does_not_release_the_lock_of_another(path, caplog):
    stopped, other = JournalLock(path, patience=60), JournalLock(path, patience=0.1)
    stopped.acquire()
    other.acquire()
    of_other = _identify(other._path)
    with caplog.at_level(logging.WARNING):
        stopped.release()
    assert "was taken away from this process" in caplog.text
    assert _identify(other._path) == of_other
    other.release()
    assert not other._path.exists()


def test_the_lock_of_someone_faster_is_not_taken_away(path):
    """Two wait for a lock that was left behind: the second one finds the lock of the first."""
    lock = JournalLock(path, patience=60)
    lock.acquire()
    lock._take_away(other=(0, 0))
    assert _identify(lock._path) == lock._own
    assert {file.name for file in path.parent.iterdir()} == {path.name, lock._path.name}


@pytest.mark.parametrize("rest", [b'{"op_code": 4, "worker_id": "a', b"{", b"\n{"])
def test_half_a_line_of_a_killed_worker(path, rest):
    study = optuna.create_study(storage=make_storage(path), study_name="s")
    study.enqueue_trial({})
    whole = path.read_bytes()
    path.write_bytes(whole + rest.lstrip(b"\n"))
    study.enqueue_trial({})
    assert path.read_bytes().startswith(whole)
    assert len(make_storage(path).get_all_trials(0)) == 2


@pytest.mark.parametrize(
    "content", [b"entity\trelation\n", b"my notes", b"{}\n", b"[]\n", b'{"op_code":99,"worker_id":"a"}\n']
)
def test_what_is_no_journal(path, content):
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"storage='.*study.journal' cannot be opened: .*It must be a journal file"):
        make_storage(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_regular_file(tmp_path, make):
    make(tmp_path / "x.journal")
    with pytest.raises(ValueError, match="it is no regular file"):
        make_storage(tmp_path / "x.journal")
