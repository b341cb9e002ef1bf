"""Counting a corpus from files."""

import os

import pytest

from pykeen_conj_hale.text.corpus import count_text


def test_descriptions_and_mentions_of_other_columns(tmp_path):
    (tmp_path / "glosses.tsv").write_text("x\tan island\tcuba\tin the sea\nx\tnear cuba\tusa\ta state\n")
    (tmp_path / "mentions.tsv").write_text("Cuba|Kuba\tcuba\n")
    (tmp_path / "corpus.txt").write_text("kuba is an island\n")
    counted = count_text(
        documents=[tmp_path / "corpus.txt"],
        descriptions=tmp_path / "glosses.tsv",
        description_columns=(2, 1, 3),
        mentions=tmp_path / "mentions.tsv",
        mention_columns=(1, 0),
        mention_separator="|",
        min_count=1,
        description_weight=7.0,
        use_tqdm=False,
    )
    assert counted.entities == ["cuba", "usa"]  # the latter is described, and has no mentions
    assert counted.counts[:2].tolist() == [2, 0]
    cells = counted.matrix.toarray()
    column = {token: i for i, token in enumerate(counted.tokens)}
    assert cells[column["cuba"], column["sea"]] == 7.0
    assert cells[column["usa"], column["cuba"]] == 7.0
    assert cells[column["usa"], column["sea"]] == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "nothing to count"),
        ({"windows": 3}, r"no \['windows'\]"),
        ({"description_columns": [0]}, r"description_columns=\[0\]"),
        ({"description_columns": "0,1"}, "description_columns='0,1'"),
        ({"description_columns": [0, "1"]}, r"description_columns=\[0, '1'\]"),
        ({"mention_columns": [0, 1, 2]}, r"mention_columns=\[0, 1, 2\]"),
        ({"mention_columns": 1}, "mention_columns=1"),
        ({"mention_separator": ""}, "mention_separator=''"),
        ({"quoting": "no"}, "quoting='no'"),
        ({"entities": {}}, r"no \['entities'\]"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        count_text(**options)


def test_held_out_triples_have_three_columns(tmp_path):
    """What they have else is found before the first document is read, which may be many."""
    (tmp_path / "glosses.tsv").write_text("cuba\tan island\n")
    (tmp_path / "corpus.txt").write_bytes(b"an island\n\xff no UTF-8\n")
    (tmp_path / "triples.txt").write_text("a\tb\tc\td\n")
    tables = {"descriptions": tmp_path / "glosses.tsv", "mentions": tmp_path / "glosses.tsv"}
    with pytest.raises(ValueError, match=r"triples\.txt, line 1: expected head, .* found \['a', 'b', 'c', 'd'\]"):
        count_text(documents=[tmp_path / "corpus.txt"], **tables, held_out=[tmp_path / "triples.txt"], use_tqdm=False)


def test_held_out_triples_are_removed_by_the_given_words(tmp_path):
    """Where words have no spaces between, the tokenizer alone finds a mention."""
    (tmp_path / "glosses.tsv").write_text("cat\t猫是动物\n", encoding="utf-8")
    (tmp_path / "mentions.tsv").write_text("animal\t动物\n", encoding="utf-8")
    (tmp_path / "test.txt").write_text("cat\tis\tanimal\n")
    tables = {"descriptions": tmp_path / "glosses.tsv", "mentions": tmp_path / "mentions.tsv"}
    options = dict(**tables, held_out=[tmp_path / "test.txt"], min_count=1, use_tqdm=False)
    counted = count_text(**options, tokenizer=lambda text: list(text.replace(" ", "")))
    assert (counted.entities, sorted(counted.words)) == (["cat"], ["是", "猫"])
    with pytest.raises(ValueError, match="tokenizer='list' is not allowed"):
        count_text(**options, tokenizer="list")


@pytest.mark.parametrize(
    ("given", "missing"),
    [(["descriptions"], "mentions"), (["mentions"], "descriptions"), ([], "descriptions and mentions")],
)
def test_held_out_triples_need_something_to_remove(tmp_path, given, missing):
    (tmp_path / "t.tsv").write_text("cuba\tan island\n")
    options = dict.fromkeys(given, tmp_path / "t.tsv")
    with pytest.raises(ValueError, match=rf"held_out=\['a.txt'\] would do nothing: .* Give {missing}, too"):
        count_text(documents=[tmp_path / "t.tsv"], **options, held_out=iter(["a.txt"]), min_count=1, use_tqdm=False)


def test_descriptions_from_a_pipe(tmp_path):
    """They are read twice: of a pipe, the second time there would be none, without a word."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="pipe' is no regular file: it is read twice"):
        count_text(descriptions=tmp_path / "pipe", use_tqdm=False)
    with pytest.raises(FileNotFoundError):
        count_text(descriptions=tmp_path / "none", use_tqdm=False)
