"""Results: nothing is lost, nothing is overwritten, what cannot be read is named."""

import json
import logging

import pytest
from reproduce_lines import make_cell, make_line

from pykeen_conj_hale.reproduce.results import ResultsFolder, latest, read_lines


def test_lines_come_back(tmp_path):
    results = ResultsFolder(tmp_path / "new" / "folder")
    assert results.lines == []
    assert not results.path.exists()
    lines = [make_line(), make_line(make_cell(seed=1), version="é")]
    for line in lines:
        results.append({name: value for name, value in line.items() if name != "format"})
    assert results.lines == lines
    assert ResultsFolder(results.path).lines == lines


def test_a_line_that_was_cut_off_stays_alone(tmp_path, caplog):
    results = ResultsFolder(tmp_path)
    results.append(make_line())
    content = results.file.read_bytes()
    cut = content + content[:100]
    results.file.write_bytes(cut)
    results.append(make_line(make_cell(seed=1)))
    assert results.file.read_bytes().startswith(cut + b"\n")
    assert [line["seed"] for line in read_lines(results.file)] == [0, 1]
    assert f"{results.file}, line 2 is skipped: it is no JSON" in caplog.text


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "it is no JSON"),
        (b"\xff\xfe", "it is no JSON"),
        ("[1]", "it is no result"),
        ('{"benchmark": "x"}', "it is no result"),
        (json.dumps(make_line(format=2, version="9.0")), r"it is of format 2 (version 9.0), and this version reads 1"),
        (json.dumps(make_line(seconds="600")), "seconds are missing or of another type"),
        (json.dumps({**make_line(), "test": None}), "test are missing"),
        (json.dumps(make_line(test={"mrr": 0.1})), "test are missing"),
        (json.dumps(make_line(curve=[[1.0, 0.1]])), "curve are missing or of another type"),
        (json.dumps(make_line(curve=[[1.0, None, 0.2]])), "curve are"),
        (json.dumps(make_line(curve=[1.0])), "curve are"),
        (json.dumps({**make_line(), "test": {**make_line()["test"], "mrr": "0.4"}}), "test are missing or of another"),
        (json.dumps({**make_line(), "test": {**make_line()["test"], "mrr": None}}), "test are"),
        (json.dumps({**make_line(), "test": {**make_line()["test"], "mrr": float("nan")}}), "test are"),
        (json.dumps(make_line(seconds=10**400)), "seconds are"),
        (json.dumps(make_line(seed=True)), "seed are"),
        (json.dumps(make_line(command=None)), "command are"),
        (json.dumps(make_line(dataset="\ud800")), "it has half of a character"),
        ("[" * 10**5, "it is no JSON"),
    ],
)
def test_what_cannot_be_read_is_named_and_kept(tmp_path, caplog, text, why):
    good = json.dumps(make_line())
    file = tmp_path / "results.jsonl"
    file.write_bytes(b"\n".join([good.encode(), b"", text if isinstance(text, bytes) else text.encode(), b""]))
    before = file.read_bytes()
    with caplog.at_level(logging.WARNING):
        results = ResultsFolder(tmp_path)
    assert results.lines == [make_line()]
    assert f"{file}, line 3 is skipped: {why}" in caplog.text
    results.append(make_line(make_cell(seed=1)))
    assert file.read_bytes().startswith(before)


def test_status(tmp_path):
    results = ResultsFolder(tmp_path)
    key = make_cell().key
    assert results.status(key) is None
    for status, seen in [("failed", "failed"), ("interrupted", "interrupted"), ("finished", "finished")]:
        results.append(make_line(status=status))
        assert results.status(key) == seen
    results.append(make_line(status="failed"))
    assert results.status(key) == "finished"
    assert results.status(make_cell(seed=1).key) is None


def test_latest():
    old, new = make_line(mrr=0.1, date="2026-01-01"), make_line(mrr=0.2, date="2026-01-02")
    other = make_line(make_cell(seed=1), date="2025-01-01")
    failed = make_line(status="failed", date="2027-01-01")
    assert latest([new, failed, old, other]) == [other, new]


def test_embeddings(tmp_path):
    results = ResultsFolder(tmp_path)
    assert results.embeddings() == {}
    path = results.embeddings_file("RotL-HA+SamNeg-0.5s")
    path.parent.mkdir()
    path.touch()
    assert results.embeddings() == {"RotL-HA+SamNeg-0.5s": path}
