"""Files that one process writes at a time."""

import os
import socket
import subprocess
import sys

import pytest

from pykeen_conj_hale import locks
from pykeen_conj_hale.locks import FileInUseError, only_writer

HOLD = """
import sys, time
from pykeen_conj_hale.locks import only_writer
with only_writer(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.2)


def test_the_second_one_is_told_who_is_the_first(tmp_path):
    path = tmp_path / "folder" / "file"
    with only_writer(path) as target:
        assert target == path
        message = rf"output='.*file' is in use by process {os.getpid()} on {socket.gethostname()} since \d{{4}}-"
        with pytest.raises(FileInUseError, match=message), only_writer(path, "output"):
            raise AssertionError("two have the file")
        with only_writer(path.with_name("other")):
            pass
    with only_writer(path):
        assert not path.exists()


def test_a_link_and_its_target_are_one_file(tmp_path):
    (tmp_path / "link").symlink_to("file")
    with only_writer(tmp_path / "file"), pytest.raises(FileInUseError), only_writer(tmp_path / "link"):
        raise AssertionError("two have the file")


def test_it_is_free_again_after_an_error(tmp_path):
    with pytest.raises(KeyError), only_writer(tmp_path / "file"):
        raise KeyError
    with only_writer(tmp_path / "file"):
        pass


def test_another_process_and_its_kill(tmp_path):
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "file"], stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout.readline() == "held\n"
            with pytest.raises(FileInUseError, match=f"process {holder.pid} on"), only_writer(tmp_path / "file"):
                raise AssertionError("two have the file")
        finally:
            holder.kill()
            holder.wait()
        with only_writer(tmp_path / "file"):
            pass


def test_a_name_as_long_as_names_may_be(tmp_path):
    one, other = tmp_path / ("a" * 255), tmp_path / ("a" * 254 + "b")
    with only_writer(one), only_writer(other), pytest.raises(FileInUseError), only_writer(one):
        raise AssertionError("two have the file")
