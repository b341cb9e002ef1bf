"""Features of texts, the vocabulary of those that have vectors, and texts as numbers."""

import math
from collections import Counter

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.text import TextFeatures, Vocabulary
from pykeen_conj_hale.text.words.features import Feature

WORDS = st.lists(st.text("abc", min_size=1, max_size=4), max_size=8)


def test_features_are_words_and_beginnings_of_words():
    features = TextFeatures(2, prefix_fields=[0], prefix_lengths=(2, 4))
    found = features(("Respire, respire", "to breathe"))
    assert found == [
        Feature("respire", 0),
        Feature("<re", 2),
        Feature("<res", 2),
        Feature("<resp", 2),
        Feature("to", 1),
        Feature("breathe", 1),
    ]
    assert features.num_kinds == 4
    assert features(("", "")) == []


@given(WORDS)
def test_each_feature_counts_once_per_kind(words):
    found = TextFeatures(1, prefix_fields=[0], prefix_lengths=(1, 3))((" ".join(words),))
    assert len(set(found)) == len(found)
    assert {f.name for f in found if f.kind == 0} == set(words)
    assert {f.name for f in found if f.kind == 1} == {"<" + w[:n] for w in words for n in (1, 2, 3) if n <= len(w)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prefix_fields": [1]}, "prefix_fields=1 is not allowed"),
        ({"prefix_lengths": (0, 3)}, r"prefix_lengths\[0\]=0"),
        ({"prefix_lengths": (4, 3)}, r"prefix_lengths\[1\]=3"),
        ({"prefix_lengths": (4,)}, r"must be \(shortest, longest\)"),
    ],
)
def test_bad_features(options, message):
    with pytest.raises(ValueError, match=message):
        TextFeatures(1, **options)


def features_of(*texts):
    return [TextFeatures(1)((text,)) for text in texts]


def test_the_vocabulary_counts_entities():
    vocabulary = Vocabulary.count(features_of("a b", "b b c", "b a", ""), min_count=2)
    assert vocabulary.names == ["b", "a"]
    assert vocabulary.frequencies == [3, 2]
    torch.testing.assert_close(vocabulary.idf(), torch.tensor([0.0, math.log(5 / 3), math.log(5 / 2)]))
    assert "a" in vocabulary
    assert "c" not in vocabulary
    assert (vocabulary.number("b"), vocabulary.number("a")) == (1, 2)


@given(st.lists(WORDS, min_size=1, max_size=6), st.integers(1, 3))
def test_weights_are_positive_and_rare_words_weigh_most(texts, min_count):
    entities = features_of(*map(" ".join, texts))
    counts = Counter(feature.name for features in entities for feature in features)
    if max(counts.values(), default=0) < min_count:
        with pytest.raises(ValueError, match="smaller min_count"):
            Vocabulary.count(entities, min_count)
        return
    vocabulary = Vocabulary.count(entities, min_count)
    idf = vocabulary.idf()[1:]
    assert (idf > 0).all()
    assert (idf.diff() >= 0).all()
    encoded = vocabulary.encode(entities, max_length=100)
    for row, features, unknown in zip(encoded.tokens.tolist(), entities, encoded.unknown, strict=True):
        assert [vocabulary.names[i - 1] for i in row if i] == [f.name for f in features if f.name in vocabulary]
        assert unknown == [f.name for f in features if f.name not in vocabulary]


def test_long_texts_are_cut_and_empty_ones_seen():
    vocabulary = Vocabulary.count(features_of("a b c"), min_count=1)
    encoded = vocabulary.encode(features_of("a b c", "d", "c"), max_length=2)
    assert encoded.tokens.tolist() == [[1, 2], [0, 0], [3, 0]]
    assert encoded.num_cut == 1
    assert encoded.is_empty.tolist() == [False, True, False]


def test_no_word_is_an_error():
    with pytest.raises(ValueError, match="None of the 2 words of 2 entities is in the texts of min_count=2"):
        Vocabulary.count(features_of("a", "b"))
