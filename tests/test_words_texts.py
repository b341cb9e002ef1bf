"""Texts of entities in fields: tables, labels, what is missing."""

import gzip
import logging

import pytest

from pykeen_conj_hale.text import EntityTexts


def test_read_a_table(tmp_path):
    path = tmp_path / "texts.tsv.gz"
    path.write_bytes(
        gzip.compress("cuba\tCuba\tan island\nchina\tChina\ta state\ncuba\tRepública de Cuba\t\n".encode())
    )
    texts = EntityTexts.read(path, text_columns=[1, 2])
    assert (len(texts), texts.num_fields, list(texts)) == (2, 2, ["cuba", "china"])
    assert texts.get("china") == ("China", "a state")
    assert texts.get("cuba") == ("Cuba\nRepública de Cuba", "an island\n")
    assert texts.get("brazil") is None


def test_labels_match_in_either_form_of_unicode():
    texts = EntityTexts({"são": "a saint"})
    assert texts.get("sa\u0303o") == ("a saint",)


def test_a_fingerprint_is_of_labels_and_texts():
    texts = {"cuba": ("Cuba", "an island"), "china": ("China", "")}
    one = EntityTexts(texts).fingerprint()
    assert EntityTexts(dict(reversed(texts.items()))).fingerprint() == one
    others = [
        {**texts, "china": ("China", "a state")},
        {"kuba": texts["cuba"], "china": texts["china"]},
        {**texts, "cuba": ("Cuba an", "island")},
        {"cuba": texts["cuba"]},
    ]
    assert len({one, *(EntityTexts(other).fingerprint() for other in others)}) == 5


def test_match_counts_what_only_one_side_has(caplog):
    texts = EntityTexts({"cuba": ["Cuba", "an island"], "atlantis": ["Atlantis", "an island"]})
    with caplog.at_level(logging.INFO):
        assert texts.match(["china", "cuba"]) == [("", ""), ("Cuba", "an island")]
    assert "1 of 2 entities have no text: ['china']" in caplog.text
    assert "1 of 2 texts are of no entity of the graph" in caplog.text


def test_a_text_of_two_labels_is_one_text(caplog):
    with caplog.at_level(logging.INFO):
        EntityTexts({"é": "x"}).match(["é", "e\u0301"])
    assert "texts are of no entity" not in caplog.text


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({}, "have no texts each"),
        ({"cuba": 3}, "'cuba' has the texts 3"),
        ({7: "an island"}, "entity 7 is not allowed: labels are text, as '7'"),
        ({"cuba": [None]}, "'cuba' has the texts"),
        ({"cuba": "an island", "china": ["China", "a state"]}, r"have \[1, 2\] texts each"),
    ],
)
def test_bad_texts(texts, message):
    with pytest.raises(ValueError, match=message):
        EntityTexts(texts)


@pytest.mark.parametrize("columns", [1, "1", [], [0.5], ["1"], None])
def test_bad_columns(tmp_path, columns):
    (tmp_path / "texts.tsv").write_text("cuba\tan island\n")
    with pytest.raises(ValueError, match=r"^text_columns=.* is not allowed"):
        EntityTexts.read(tmp_path / "texts.tsv", text_columns=columns)
    with pytest.raises(ValueError, match=r"^entity_column='0' is not allowed"):
        EntityTexts.read(tmp_path / "texts.tsv", "0")


def test_bad_tables(tmp_path):
    path = tmp_path / "texts.tsv"
    path.write_text("cuba\tan island\nchina\n")
    with pytest.raises(ValueError, match=r"texts\.tsv, line 2: has 1 columns"):
        EntityTexts.read(path, text_columns=[1])
    path.write_text("\n")
    with pytest.raises(ValueError, match="has no texts"):
        EntityTexts.read(path)
    with pytest.raises(ValueError, match=r"None of the 1 entities of the graph has a text: \['brazil'\]"):
        EntityTexts({"cuba": "an island"}).match(["brazil"])
