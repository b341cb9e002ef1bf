"""Counting a corpus: what is counted, which words there are, bad input."""

import gzip
import random

import pytest

from pykeen_conj_hale.text import Cooccurrence, Document
from pykeen_conj_hale.text.corpus import coding

DOCUMENTS = ["The cat sat on the mat.", "New York is big; the CAT is in New York!", "a"]


def count(documents=DOCUMENTS, entities=None, **options):
    return Cooccurrence.from_documents(documents, entities, **{"min_count": 1, "use_tqdm": False, **options})


def table(counted):
    """Name the cells."""
    cells = counted.matrix.tocoo()
    names = counted.tokens
    return {(names[i], names[j]): x for i, j, x in zip(*cells.coords, cells.data.tolist(), strict=True)}


def test_by_hand():
    counted = count(["a b c a", "b a"], window=2)
    assert counted.words == ["a", "b", "c"]
    assert counted.counts.tolist() == [3, 2, 1]
    ab, ac, bc = 1 + 1 / 2 + 1, 1 / 2 + 1, 1
    assert table(counted) == {
        ("a", "b"): ab, ("b", "a"): ab, ("a", "c"): ac, ("c", "a"): ac, ("b", "c"): bc, ("c", "b"): bc,
    }  # fmt: skip


def test_contexts():
    assert table(count(["a b"], context="left")) == {("b", "a"): 1.0}
    assert table(count(["a b"], context="right")) == {("a", "b"): 1.0}
    left, right, both = (count(context=name).matrix for name in ("left", "right", "symmetric"))
    assert abs(left - right.T).max() == 0
    assert abs(both - left - right).max() < 1e-6


def test_mentions_are_tokens():
    counted = count(entities={"Q60": ["New York", "Big Apple"], "Q1": "York", "Q2": ["nobody"]}, window=1)
    assert counted.entities == ["Q60"]
    assert counted.counts[0] == 2
    assert "york" not in counted.words
    assert table(counted)["Q60", "is"] == 1.0
    assert counted.settings["num_mentions"] == 4


def test_an_entity_is_described_by_words():
    documents = [Document("small cat cat", "e"), Document("a cat", None), Document("e", "f")]
    counted = count(documents, {"e": "e", "f": []}, window=1, description_weight=2.5)
    cells = table(counted)
    assert counted.entities == ["e", "f"]
    assert (cells["e", "cat"], cells["e", "small"], cells["f", "e"]) == (5.0, 2.5, 2.5)
    assert ("cat", "e") not in cells  # nobody's context: it is mentioned in its own description only
    assert ("e", "f") not in cells
    without = table(count(documents, {"e": "e", "f": []}, window=1, description_weight=0))
    assert without == {pair: x for pair, x in cells.items() if pair[0] not in "ef"}


def test_rare_words_are_removed_before_distances_are_counted():
    counted = count(["a x b", "a b", "b y a"], min_count=2, window=1)
    assert table(counted) == {("a", "b"): 3.0, ("b", "a"): 3.0}


def test_the_most_frequent_words_are_kept():
    counted = count(["d c b a c b b d"], max_vocab=2)
    assert counted.words == ["b", "c"]  # before d, as often, by the alphabet


def test_entities_are_kept_however_rare():
    assert count(["x x rare x"], {"e": "rare"}, min_count=3).entities == ["e"]


def test_blocks_make_no_difference(monkeypatch):
    random.seed(0)
    documents = [" ".join(random.choices("abcdefg", k=random.randrange(30))) for _ in range(50)]
    whole = count(documents, {"E": "a b", "F": "c"}, window=4)
    monkeypatch.setattr(coding, "BLOCK_SIZE", 16)
    parts = count(documents, {"E": "a b", "F": "c"}, window=4)
    assert parts.tokens == whole.tokens
    assert parts.matrix.toarray() == pytest.approx(whole.matrix.toarray(), rel=1e-6)


def test_files_give_the_same_as_texts(tmp_path):
    (tmp_path / "a.txt").write_text("\n".join(DOCUMENTS[:2]))
    (tmp_path / "b.txt.gz").write_bytes(gzip.compress(DOCUMENTS[2].encode()))
    counted = count([tmp_path / "a.txt", tmp_path / "b.txt.gz"])
    assert counted.fingerprint() == count().fingerprint()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"window": 0}, "window=0"),
        ({"window": 1.5}, "window=1.5"),
        ({"min_count": 0}, "min_count=0"),
        ({"max_vocab": 0}, "max_vocab=0"),
        ({"context": "both"}, "context='both'"),
        ({"ambiguous": "last"}, "ambiguous='last'"),
        ({"description_weight": -1}, "description_weight=-1"),
        ({"documents": []}, "0 documents without a single word"),
        ({"documents": ["...", ""]}, "2 documents without a single word"),
        ({"documents": ["a", "b"]}, "No two of the 2 words"),
        ({"min_count": 100}, "No two of the 0 words"),
        ({"documents": [Document("a b", "e")]}, "describes 'e'"),
        ({"tokenizer": "spacy"}, "tokenizer='spacy'"),
        ({"use_tqdm": "no"}, "use_tqdm='no'"),
        ({"entities": ["e"]}, r"entities=\['e'\]"),
        ({"entities": {"e": 3}}, "The entity 'e' has the mentions 3"),
        ({"entities": {3: "e"}}, "The entity 3 has the mentions 'e'"),
    ],
)
def test_bad_input(options, message):
    with pytest.raises(ValueError, match=message):
        count(**options)


def test_a_window_beyond_all_documents_needs_no_memory():
    whole, beyond = count(window=30), count(window=2**40)
    assert table(beyond) == table(whole)


def test_glosses(shared):
    """WN18RR's glosses: every entity is described, words are where they should be."""
    from pykeen_conj_hale.text import read_descriptions, read_mentions

    path = shared / "datasets" / "wn18rr" / "glosses.tsv.gz"
    documents = read_descriptions(path, text_columns=(1, 2))
    counted = count(documents, read_mentions(path, separator=", "), min_count=5)
    assert counted.num_entities == 40_943
    assert counted.settings["num_documents"] == 40_943
    row = counted.matrix[[counted.entities.index("00001740")]].tocoo()
    described = {counted.tokens[j]: x for j, x in zip(row.coords[1], row.data, strict=True) if x >= 10}
    assert described["air"] >= 20.0  # twice: "draw air into …", "… when the air is clean"
