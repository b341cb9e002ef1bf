"""Counts in blocks against counts pair by pair."""

from collections import defaultdict

import numpy as np
import pytest
import scipy.sparse

from pykeen_conj_hale.text.corpus import counting
from pykeen_conj_hale.text.corpus.counting import CodedCorpus, PairCounter, SparseSum
from pykeen_conj_hale.text.corpus.documents import Document


def count_plainly(documents, window):
    counts = defaultdict(float)
    for tokens in documents:
        for i, a in enumerate(tokens):
            for k in range(1, window + 1):
                if i + k < len(tokens):
                    counts[a, tokens[i + k]] += 1 / k
    return counts


@pytest.mark.parametrize("window", [1, 3, 50])
def test_pairs_and_descriptions(window):
    rng = np.random.default_rng(0)
    documents = [rng.integers(7, size=n).tolist() for n in (0, 1, 2, 30, 5, 0, 12)]
    described = [-1, 3, -1, 4, 3, -1, -1]
    counter = PairCounter(7, window)
    for part in (slice(0, 3), slice(3, 7)):
        chosen = documents[part]
        numbers = np.repeat(np.arange(len(chosen)), list(map(len, chosen)))
        tokens = np.concatenate([*map(np.asarray, chosen), []]).astype(np.int64)
        counter.add(tokens, numbers, np.asarray(described[part])[numbers])
    right = np.zeros((7, 7))
    for pair, value in count_plainly(documents, window).items():
        right[pair] = value
    assert counter.right().toarray() == pytest.approx(right, rel=1e-12)
    about = np.zeros((7, 7))
    for entity, tokens in zip(described, documents, strict=True):
        for token in tokens:
            if entity >= 0 and token != entity:
                about[entity, token] += 1
    assert np.array_equal(counter.described().toarray(), about)


def test_too_many_tokens_to_number_their_pairs():
    with pytest.raises(ValueError, match="max_vocab"):
        PairCounter(2**31, 10)


def test_sums_of_many_parts():
    rng = np.random.default_rng(0)
    total, expected = SparseSum(9), np.zeros(81)
    for _ in range(20):
        keys = np.flatnonzero(rng.random(81) < rng.random())
        values = rng.random(len(keys))
        total.add(keys, values)
        expected[keys] += values
    matrix = total.total()
    assert scipy.sparse.issparse(matrix)
    assert matrix.toarray().ravel() == pytest.approx(expected, rel=1e-12)
    assert matrix.has_sorted_indices
    assert SparseSum(3).total().nnz == 0


def test_a_corpus_comes_back_in_blocks_of_whole_documents(monkeypatch):
    monkeypatch.setattr(counting, "BLOCK_SIZE", 4)
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
