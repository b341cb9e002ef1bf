"""Files are whole or not there, and the same for the same content."""

import zipfile

import numpy as np
import pytest

from pykeen_conj_hale.text.corpus.storage import load_arrays, save_arrays


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


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 half"])
def test_other_files_are_errors(tmp_path, content):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(ValueError, match="no file of co-occurrences"):
        load_arrays(tmp_path / "a")
    with pytest.raises(FileNotFoundError):
        load_arrays(tmp_path / "b")
