"""Mentions against a plain search, word by word."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.text.corpus.mentions import MentionMatcher, find_surfaces, replace_mentions


def replace_plainly(codes, mentions):
    """Take the longest mention at each place, from left to right."""
    result, at = [], 0
    while at < len(codes):
        lengths = [n for n in range(len(codes) - at, 0, -1) if tuple(codes[at : at + n]) in mentions]
        if lengths:
            result.append(mentions[tuple(codes[at : at + lengths[0]])])
            at += lengths[0]
        else:
            result.append(codes[at])
            at += 1
    return result


words = st.integers(100, 104)


@given(
    st.lists(st.one_of(words, st.just(-1), st.just(999)), max_size=40),
    st.dictionaries(st.lists(words, min_size=1, max_size=4).map(tuple), st.integers(0, 9), max_size=6),
)
def test_as_a_plain_search(codes, mentions):
    found = replace_mentions(np.array(codes, dtype=np.int64), MentionMatcher(mentions))
    assert found.tolist() == replace_plainly(codes, mentions)


def test_longest_first():
    matcher = MentionMatcher({(5,): 0, (5, 6, 7): 1, (6, 7): 2})
    assert replace_mentions(np.array([5, 6, 7, 5, 6, 6, 7]), matcher).tolist() == [1, 0, 6, 2]


def test_no_mention_reaches_into_the_next_document():
    assert replace_mentions(np.array([5, -1, 6]), MentionMatcher({(5, 6): 0})).tolist() == [5, -1, 6]


@pytest.mark.parametrize(("rule", "meaning"), [("drop", None), ("first", "b")])
def test_ambiguous_mentions(rule, meaning, caplog):
    entities = {"b": ["Bank", "riverside"], "a": "bank", "c": ["", "River Bank"]}
    with caplog.at_level("INFO"):
        surfaces, ambiguous = find_surfaces(entities, lambda text: text.lower().split(), rule)
    expected = {("riverside",): "b", ("river", "bank"): "c"}
    assert surfaces == (expected if meaning is None else {("bank",): meaning, **expected})
    assert ambiguous == 1
    assert caplog.text.count("1 of 3 mentions belong to several entities") == 1


def test_the_same_mention_twice_is_not_ambiguous():
    assert find_surfaces({"a": ["x", "X"]}, lambda text: text.lower().split()) == ({("x",): "a"}, 0)
