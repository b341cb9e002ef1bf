"""Reading documents: kinds of files, long lines, and errors that name file and offset."""

import gzip

import pytest

from pykeen_conj_hale.text import Document, read_descriptions, read_documents, read_mentions
from pykeen_conj_hale.text.corpus import documents
from pykeen_conj_hale.text.corpus.documents import as_documents


def test_a_document_a_line(tmp_path):
    text = "\ufeffeins zwei\r\n\n  \ndrei — ünf\n"
    for name, data in (
        ("plain.txt", text.encode()),
        ("packed.txt.gz", gzip.compress(text.encode())),
        ("P.TXT.GZ", gzip.compress(text.encode())),
    ):
        (tmp_path / name).write_bytes(data)
        found = [document.text.split() for document in read_documents(tmp_path / name)]
        assert found == [["eins", "zwei"], ["drei", "—", "ünf"]]


def test_kinds_of_documents(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("x\ny\n")
    found = list(as_documents(["a text", path, Document("about e", "e")]))
    assert [(d.text.strip(), d.entity) for d in found] == [("a text", None), ("x", None), ("y", None), ("about e", "e")]


@pytest.mark.parametrize("wrong", ["a text", b"bytes"])
def test_a_single_text_is_an_error(wrong):
    with pytest.raises(TypeError, match="give a list"):
        list(as_documents(wrong))


def test_no_documents_are_an_error():
    with pytest.raises(TypeError, match="documents=None is not allowed: give a list"):
        list(as_documents(None))


def test_something_else_is_an_error():
    with pytest.raises(TypeError, match="3, a int"):
        list(as_documents(["a", 3]))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_bytes_that_are_not_utf_8(tmp_path, pack):
    path = tmp_path / ("bad.txt.gz" if pack is gzip.compress else "bad.txt")
    data = "gut\nsch\u00f6n ".encode() + b"\xff\n"
    path.write_bytes(pack(data))
    with pytest.raises(ValueError, match=rf"bad.txt.*byte offset {data.index(0xFF)} ") as error:
        list(read_documents(path))
    assert str(path) in str(error.value)


def test_broken_gzip_data(tmp_path):
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(b"text " * 100)[:-9])
    (tmp_path / "b.txt.gz").write_bytes(b"not gzip")
    for name in ("a.txt.gz", "b.txt.gz"):
        with pytest.raises(ValueError, match=rf"{name}: broken gzip data"):
            list(read_documents(tmp_path / name))


@pytest.mark.parametrize("text", ["wort " * 50, "ö" * 99, "ab\n" + "xy " * 40 + "\nlast"])
def test_long_lines_are_cut_between_words(tmp_path, monkeypatch, text):
    monkeypatch.setattr(documents, "MAX_LINE_BYTES", 16)
    path = tmp_path / "long.txt"
    path.write_text(text, encoding="utf-8")
    parts = [document.text for document in read_documents(path)]
    assert "".join(parts) == text
    assert max(len(part.encode()) for part in parts) <= 16
    if " " in text:
        assert "".join(parts).split() == " ".join(parts).split()


def test_descriptions(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("00017\ta, b c\tthe gloss\n\nx\ty\tz\n")
    assert list(read_descriptions(path, 0, (1, 2))) == [("a, b c\nthe gloss", "00017"), ("y\nz", "x")]
    assert list(read_descriptions(path)) == [("the gloss", "00017"), ("z", "x")]
    assert read_mentions(path, separator=", ") == {"00017": ["a", "b c"], "x": ["y"]}


def test_a_missing_column_names_the_line(tmp_path):
    path = tmp_path / "t.tsv"
    path.write_text("a\tb\nc\n")
    with pytest.raises(ValueError, match=r"t.tsv, line 2: has 1 columns.*\[1\]"):
        read_mentions(path)
