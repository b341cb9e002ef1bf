"""Files are whole or not there, and the same for the same content."""

import os
import zipfile

import numpy as np
import pytest

from pykeen_conj_hale.text.storage import load_arrays, replacing, save_arrays


def test_arrays_come_back(tmp_path):
    path = tmp_path / "new" / "a.npz"
    save_arrays(path, {"b": 1, "a": "ü"}, {"x": np.arange(3.0), "y": np.zeros((0, 2), dtype=np.int8)})
    header, arrays = load_arrays(path)
    assert header == {"a": "ü", "b": 1}
    assert arrays["x"].tolist() == [0.0, 1.0, 2.0]
    assert arrays["y"].shape == (0, 2)
    assert np.load(path)["x"].tolist() == [0.0, 1.0, 2.0]


def test_the_bytes_depend_on_the_content_only(tmp_path, monkeypatch):
    save_arrays(tmp_path / "a", {"a": 1, "b": 2}, {"x": np.arange(3)})
    monkeypatch.setattr("time.time", lambda: 1e9)
    save_arrays(tmp_path / "b", {"b": 2, "a": 1}, {"x": np.arange(6)[::2] // 2})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    with zipfile.ZipFile(tmp_path / "a") as archive:
        assert {member.date_time for member in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


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


def test_what_is_written_is_on_the_disk_before_it_is_in_place(tmp_path, monkeypatch):
    calls = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: calls.append("fsync"))
    original = os.replace
    monkeypatch.setattr(os, "replace", lambda *paths: (calls.append("replace"), original(*paths)))
    with replacing(tmp_path / "a") as file:
        file.write(b"new")
    assert calls == ["fsync", "replace"]
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 half"])
def test_other_files_are_errors(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match="no file of co-occurrences"):
        load_arrays(tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        load_arrays(tmp_path / "b")
