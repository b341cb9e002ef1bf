"""A corpus as numbers in a temporary file."""

import pytest

from pykeen_conj_hale.text.corpus import coding
from pykeen_conj_hale.text.corpus.coding import CodedCorpus
from pykeen_conj_hale.text.corpus.documents import Document


def test_a_corpus_comes_back_in_blocks_of_whole_documents(monkeypatch):
    monkeypatch.setattr(coding, "BLOCK_SIZE", 4)
    texts = ["new york is big", "a b", "", "york new york", "c"]
    with CodedCorpus(["ny", "x"], {("new", "york"): "ny"}, str.split) as corpus:
        corpus.read([Document(text, "x" if text == "a b" else None) for text in texts])
        names = {code: word for word, code in corpus.word_codes.items()} | {0: "<ny>", 1: "<x>", -1: "|", -3: "x:"}
        blocks = [[names[code] for code in block.tolist()] for block in corpus.blocks()]
    assert blocks == [["<ny>", "is", "big", "|"], ["x:", "a", "b", "|"], ["|", "york", "<ny>", "|"], ["c", "|"]]
    assert (corpus.num_documents, corpus.num_words, corpus.described) == (5, 10, {1})
    counts = {names[code]: count for code, count in enumerate(corpus.counts.tolist())}
    assert counts == {"<ny>": 2, "<x>": 0, "new": 0, "york": 1, "is": 1, "big": 1, "a": 1, "b": 1, "c": 1}


def test_a_description_of_an_unknown_entity():
    with CodedCorpus([], {}, str.split) as corpus, pytest.raises(ValueError, match="describes 'e'"):
        corpus.read([Document("text", "e")])
