"""Files that stay whole."""

import json
import os

import pytest

from pykeen_conj_hale.files import append_json_line, replacing


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
        part = tmp_path / "file.part"
        return part.stat().st_size if part.exists() else None

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
