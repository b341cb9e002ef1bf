"""Checkpoint files: whole or not at all, plain data only, and told apart from damaged and foreign ones."""

import os
import pickle
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pykeen_conj_hale.training import CheckpointError
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint, plain, save_checkpoint


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoint"
    save_checkpoint(path, {"a": torch.arange(1000), "b": {"c": [1, 2.5, "x", None, (True, b"y")]}})
    return path


def test_there_and_back(path):
    state = load_checkpoint(path)
    assert torch.equal(state["a"], torch.arange(1000))
    assert state["b"] == {"c": [1, 2.5, "x", None, (True, b"y")]}


def test_numbers_of_numpy_become_plain():
    state = plain({"a": np.float64(0.5), 3: [np.int64(4)]})
    assert state == {"a": 0.5, 3: [4]}
    assert type(state["a"]) is float
    assert type(state[3][0]) is int


@pytest.mark.parametrize("value", [print, object(), {1, 2}, np.zeros(2)])
def test_what_needs_code_is_refused_when_it_is_saved(path, value):
    before = path.read_bytes()
    with pytest.raises(CheckpointError, match=rf"state\.x\[0\] is a {type(value).__name__}"):
        save_checkpoint(path, {"x": [value]})
    assert path.read_bytes() == before


@pytest.mark.parametrize("failing", ["write", "fsync", "replace"])
def test_the_previous_one_stays_when_writing_fails(path, failing, monkeypatch):
    before = path.read_bytes()

    def fail(*args, **kwargs):
        raise OSError("disk full")

    if failing == "write":
        monkeypatch.setattr(torch, "save", lambda state, file: (file.write(b"half"), fail()))
    else:
        monkeypatch.setattr(os, failing, fail)
    with pytest.raises(OSError, match="disk full"):
        save_checkpoint(path, {"a": 1})
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint"]


def test_a_left_part_does_no_harm(path):
    part = path.with_name("checkpoint.0123abcd.part")
    part.write_bytes(b"left by a kill")
    save_checkpoint(path, {"a": 1})
    assert load_checkpoint(path)["a"] == 1
    assert part.exists()  # another process may be writing it
    os.utime(part, (0, 0))
    save_checkpoint(path, {"a": 1})
    assert [p.name for p in path.parent.iterdir()] == ["checkpoint"]


class Harmful:
    """Executes code when it is unpickled."""

    def __reduce__(self):
        return (os.mkdir, (os.environ["HARM"],))


@pytest.mark.parametrize("kind", ["empty", "text", "pickle", "torch", "harmful", "zip", "version"])
def test_foreign_files(tmp_path, kind, monkeypatch):
    path, harm = tmp_path / "checkpoint", tmp_path / "harm"
    monkeypatch.setenv("HARM", str(harm))
    if kind == "empty":
        path.touch()
    elif kind == "text":
        path.write_text("a,b,c\n")
    elif kind == "pickle":
        path.write_bytes(pickle.dumps(Harmful()))
    elif kind == "torch":
        torch.save({"epoch": 3}, path)
    elif kind == "harmful":
        torch.save({"format": "pykeen-conj-hale checkpoint", "version": 1, "x": Harmful()}, path)
    elif kind == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("a.txt", "a")
    else:
        torch.save({"format": "pykeen-conj-hale checkpoint", "version": 99}, path)
    before = path.read_bytes()
    message = r"checkpoint='.*checkpoint' (is damaged|was not written|has version 99)"
    with pytest.raises(CheckpointError, match=message) as caught:
        load_checkpoint(path)
    # PyTorch's own advice would execute what is in the file
    assert "weights_only" not in str(caught.value)
    assert path.read_bytes() == before
    assert not harm.exists()


@settings(max_examples=60)
@given(st.data())
def test_damage_is_found_wherever_it_is(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("damage") / "checkpoint"
    save_checkpoint(path, {"a": torch.arange(200)})
    content = path.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        path.write_bytes(content[:place])
        with pytest.raises(CheckpointError):
            load_checkpoint(path)
        return
    path.write_bytes(content[:place] + bytes([content[place] ^ data.draw(st.integers(1, 255))]) + content[place + 1 :])
    # what is in no checksum does not matter: names, dates and padding between the entries
    try:
        state = load_checkpoint(path)
    except CheckpointError:
        return
    assert torch.equal(state["a"], torch.arange(200))
