"""Files are whole or not there, and the same for the same content."""

import json
import zipfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pykeen_conj_hale.text import Cooccurrence
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


def test_a_folder_is_no_damaged_file(tmp_path):
    with pytest.raises(IsADirectoryError):
        load_arrays(tmp_path)


def save_pickled(path):
    np.savez(path, header=np.array([object()], dtype=object))


def save_header(path, **header):
    parts = {"format": 1, "entities": [], "words": ["a", "b"], "settings": {}, **header}
    arrays = {"data": np.ones(1), "indices": np.array([1]), "indptr": np.array([0, 1, 1]), "counts": np.ones(2)}
    np.savez(path, header=np.frombuffer(json.dumps(parts).encode(), dtype=np.uint8), **arrays)


def test_a_good_file_of_that_form(tmp_path):
    save_header(tmp_path / "c.npz")
    assert Cooccurrence.load(tmp_path / "c.npz").words == ["a", "b"]


@pytest.mark.parametrize(
    "save",
    [
        save_pickled,
        lambda path: np.savez(path, header=np.frombuffer(b"[]", dtype=np.uint8)),
        lambda path: save_header(path, entities=5),
        lambda path: save_header(path, words=None),
        lambda path: save_header(path, settings=3),
        lambda path: save_header(path, words=["a"]),
    ],
)
def test_errors_are_in_our_words(tmp_path, save):
    """None advises to have executed what a stranger's file says, as numpy's does."""
    save(tmp_path / "c.npz")
    with pytest.raises(ValueError, match=r"c\.npz'") as error:
        Cooccurrence.load(tmp_path / "c.npz")
    assert "pickle" not in str(error.value)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_changed_file_is_refused_or_the_same(tmp_path, data):
    path = tmp_path / "c.npz"
    counted = Cooccurrence.from_documents(["a b c d é"], {"x": "a b"}, min_count=1, use_tqdm=False)
    counted.save(path)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[at] ^= data.draw(st.integers(1, 255))
    else:
        del content[at:]
    path.write_bytes(content)
    try:
        loaded = Cooccurrence.load(path)
    except ValueError as error:
        assert "c.npz" in str(error)  # noqa: PT017
        assert "pickle" not in str(error)  # noqa: PT017
    else:
        assert (loaded.fingerprint(), loaded.settings) == (counted.fingerprint(), counted.settings)
