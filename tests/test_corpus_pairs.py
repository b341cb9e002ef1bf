"""Counts of pairs, part by part, against counts pair by pair."""

from collections import defaultdict

import numpy as np
import pytest
import scipy.sparse

from pykeen_conj_hale.text.corpus.pairs import PairCounter, SparseSum


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
