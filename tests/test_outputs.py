"""Outputs are looked at before the work: no input, no earlier result and nothing but a file is replaced."""

import contextlib
import os
import socket

import pytest

from pykeen_conj_hale.locks import FileInUseError
from pykeen_conj_hale.outputs import check_outputs, hold_outputs, if_possible


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("the corpus")
    return path


def test_a_new_file_in_a_new_folder(tmp_path, source):
    target = tmp_path / "a" / "b" / "c.npz"
    check_outputs([target], [source, tmp_path / "missing"])
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("kind", ["same", "relative", "symlink", "hardlink"])
def test_an_input_is_never_an_output(tmp_path, source, kind, force):
    target = {"same": source, "relative": tmp_path / "." / "x" / ".." / source.name}.get(kind, tmp_path / "link")
    (tmp_path / "x").mkdir()
    if kind == "symlink":
        target.symlink_to(source)
    elif kind == "hardlink":
        os.link(source, target)
    with pytest.raises(ValueError, match=r"corpus\.txt'|link' is an input, too, and would be lost"):
        check_outputs([tmp_path / "new", target], [source], force=force)
    assert source.read_text() == "the corpus"


def test_an_earlier_result_is_replaced_by_force_only(source):
    with pytest.raises(FileExistsError, match=r"is there already.*--force"):
        check_outputs([source])
    check_outputs([source], force=True)
    assert source.read_text() == "the corpus"


@pytest.mark.parametrize("kind", ["folder", "fifo", "socket", "symlink to a fifo"])
def test_what_is_no_file_stays(tmp_path, kind):
    target = tmp_path / "t"
    with socket.socket(socket.AF_UNIX) as server:
        if kind == "folder":
            target.mkdir()
        elif kind == "socket":
            server.bind(str(target))
        else:
            os.mkfifo(tmp_path / "fifo")
            (tmp_path / "t").symlink_to("fifo") if "symlink" in kind else (tmp_path / "fifo").rename(target)
        with pytest.raises(OSError, match=r"is no regular file|is a folder"):
            check_outputs([target], force=True)
        assert os.path.lexists(target)


def test_a_file_in_the_place_of_a_folder(source):
    with pytest.raises(OSError, match=r"x\.npz' cannot be written"):
        check_outputs([source / "x.npz"])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_and_a_file_that_are_not_ours_to_write(tmp_path, source):
    source.chmod(0o444)
    with pytest.raises(OSError, match="cannot be written: the file that is there is not yours to write"):
        check_outputs([source], force=True)
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(OSError, match="new' cannot be written: Permission denied"):
            check_outputs([tmp_path / "new"])
    finally:
        tmp_path.chmod(0o755)


def test_two_runs_do_not_write_to_the_same_files(tmp_path, monkeypatch):
    monkeypatch.setattr("pykeen_conj_hale.locks.WAIT_SECONDS", 0.0)
    outputs = [tmp_path / "a", tmp_path / "b"]
    with hold_outputs(outputs):
        with pytest.raises(FileInUseError, match=r"output='.*a' is in use by process"), hold_outputs(outputs):
            raise AssertionError
        outputs[1].write_text("the first run's")
    with pytest.raises(FileExistsError, match=r"b' is there already"), hold_outputs(outputs):
        raise AssertionError


def test_the_run_before_ends_while_this_one_waits_for_it(tmp_path, monkeypatch):
    """What it has written is not replaced."""

    @contextlib.contextmanager
    def wait(path, argument):
        path.write_text("the first run's")
        yield path

    monkeypatch.setattr("pykeen_conj_hale.outputs.only_writer", wait)
    with pytest.raises(FileExistsError, match="is there already"), hold_outputs([tmp_path / "a"]):
        raise AssertionError
    with hold_outputs([tmp_path / "a"], force=True):
        pass


def test_what_a_result_can_do_without(tmp_path, caplog):
    path = tmp_path / "vectors.txt"
    path.write_text("of an earlier run")
    with if_possible(path):
        raise ValueError("Two tokens are the same.")
    assert not path.exists()
    assert "No vectors.txt: Two tokens are the same." in caplog.text
    with pytest.raises(OSError, match="the disk is full"), if_possible(path):
        raise OSError("the disk is full")
