"""Files that stay whole."""

import errno
import json
import os
import socket
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.files import append_json_line, check_output, replacing, replacing_folder, resolve_output


def test_a_file_that_cannot_be_finished_changes_nothing(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def write_half():
        with replacing(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["a"]


def test_it_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    """A regression test for the order: write, flush, sync, rename, sync the folder."""
    done = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, real=real, name=name: (done.append((name, size())), real(*a))[1])

    def size():
        parts = list(tmp_path.glob("file.*.part"))
        return parts[0].stat().st_size if parts else None

    with replacing(tmp_path / "file") as file:
        file.write(b"12345")
    assert done == [("fsync", 5), ("replace", 5), ("fsync", None)]


def test_lines_are_added_behind_one_that_was_cut_off(tmp_path):
    path = tmp_path / "new" / "lines.jsonl"
    append_json_line(path, {"a": "é"})
    path.write_bytes(path.read_bytes() + b'{"b": ')
    append_json_line(path, {"c": 1})
    assert path.read_text(encoding="utf-8") == '{"a": "é"}\n{"b": \n{"c": 1}\n'


def test_what_json_cannot_hold_changes_nothing(tmp_path):
    path = tmp_path / "lines.jsonl"
    append_json_line(path, {"a": 1})
    with pytest.raises(ValueError, match="JSON compliant"):
        append_json_line(path, {"a": float("nan")})
    assert [json.loads(line) for line in path.read_text().splitlines()] == [{"a": 1}]


NAMES = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=80)


@given(name=NAMES.filter(lambda name: name not in {".", ".."} and len(os.fsencode(name)) <= 255))
def test_any_name_of_a_file(tmp_path_factory, name):
    """Also one that is as long as names may be, or full of what means something in a pattern."""
    folder = tmp_path_factory.mktemp("names")
    for content in (b"one", b"two"):
        with replacing(check_output(folder / name)) as file:
            file.write(content)
    assert (folder / name).read_bytes() == b"two"
    assert os.listdir(folder) == [name]


def test_two_that_write_at_once_do_not_share_a_part(tmp_path):
    path = tmp_path / "file"
    with replacing(path) as one:
        one.write(b"1" * 10)
        with replacing(path) as other:
            other.write(b"2" * 20)
        assert path.read_bytes() == b"2" * 20
        one.write(b"1" * 10)
    assert path.read_bytes() == b"1" * 20
    assert os.listdir(tmp_path) == ["file"]


def test_what_kills_have_left_is_removed_once_it_is_old(tmp_path):
    for name, age in (("file.0123abcd.part", 4000), ("file.0123abce.part", 10), ("file.part", 4000), ("b.part", 4000)):
        (tmp_path / name).touch()
        os.utime(tmp_path / name, (time.time() - age,) * 2)
    with replacing(tmp_path / "file"):
        pass
    assert sorted(os.listdir(tmp_path)) == ["b.part", "file", "file.0123abce.part", "file.part"]


@pytest.mark.parametrize("write", [lambda path: replacing(path).__enter__(), check_output, resolve_output])
def test_only_regular_files_are_replaced(tmp_path, write):
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    (tmp_path / "link").symlink_to(tmp_path / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "s"))
        for name, message in (
            ("pipe", "no regular file, but a device, a pipe or a socket"),
            ("link", "no regular file"),
            ("s", "no regular file"),
            ("folder", "is a folder: name a file in it"),
            ("circle", "cannot be written: Too many levels of symbolic links"),
        ):
            with pytest.raises(OSError, match=rf"path='.*{name}'.*{message}"):
                write(tmp_path / name)
    assert sorted(os.listdir(tmp_path)) == ["circle", "folder", "link", "pipe", "s"]
    assert (tmp_path / "pipe").is_fifo()


def test_a_device_is_no_output():
    # looks only, and writes nothing, whoever runs the tests
    with pytest.raises(OSError, match="output='/dev/null' is no regular file"):
        resolve_output(os.devnull, "output")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_link_stays_a_link(tmp_path, is_there):
    target, link = tmp_path / "elsewhere" / "target", tmp_path / "link"
    target.parent.mkdir()
    if is_there:
        target.write_bytes(b"old")
    link.symlink_to("elsewhere/target")
    with replacing(link) as file:
        file.write(b"new")
    append_json_line(link, {"a": 1})
    assert link.is_symlink()
    assert target.read_bytes() == b'new\n{"a": 1}\n'


def test_a_file_in_the_place_of_a_folder(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match=r"output='.*file/out' cannot be written"):
        check_output(tmp_path / "file" / "out", "output")


def test_an_error_of_the_disk_names_the_file(tmp_path):
    """Without, it is "[Errno 27] File too large", whatever was written."""
    with pytest.raises(OSError, match=r"File too large: '.*big'") as caught, replacing(tmp_path / "big"):
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    assert caught.value.errno == errno.EFBIG
    assert os.listdir(tmp_path) == []


def test_a_folder_is_replaced_as_a_whole_or_left_as_it_is(tmp_path):
    target = tmp_path / "made" / "folder"
    with replacing_folder(target) as part:
        (part / "mark").write_text("first")
        assert not target.exists()
    with pytest.raises(FileExistsError, match=r"or replace it by --force"), replacing_folder(target):
        pass
    with pytest.raises(FileExistsError, match="name another one"), replacing_folder(target, "other mark"):
        pass
    with pytest.raises(FileNotFoundError), replacing_folder(target, "mark") as part:
        (part / "mark" / "no folder").write_text("second")
    assert (target / "mark").read_text() == "first"
    with replacing_folder(target, "mark") as part:
        (part / "other").touch()
    assert [path.name for path in target.iterdir()] == ["other"]
    assert [path.name for path in target.parent.iterdir()] == ["folder"]


def test_a_folder_that_cannot_be_put_in_its_place_leaves_the_one_before(tmp_path, monkeypatch):
    real, target = os.replace, tmp_path / "folder"
    target.mkdir()
    (target / "mark").write_text("first")

    def replace(source, target):
        if str(source).endswith(".part"):
            raise PermissionError(errno.EACCES, "Access is denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PermissionError), replacing_folder(target, "mark") as part:
        (part / "mark").write_text("second")
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]
    assert (target / "mark").read_text() == "first"


@pytest.mark.parametrize("mark", [None, "mark"])
def test_an_empty_folder_is_replaced_on_windows_too(tmp_path, monkeypatch, mark):
    """There, a folder is renamed to a name only that nothing has."""
    real = os.replace

    def replace(source, target):
        if os.path.isdir(target):
            raise PermissionError(errno.EACCES, "Access is denied")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    (tmp_path / "empty").mkdir()
    with replacing_folder(tmp_path / "empty", mark) as part:
        (part / "mark").touch()
    with replacing_folder(tmp_path / "empty", "mark") as part:
        (part / "file").touch()
    assert [path.name for path in (tmp_path / "empty").iterdir()] == ["file"]
    assert [path.name for path in tmp_path.iterdir()] == ["empty"]
