"""Headers, and labels that are the same text in two forms."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.datasets.labels import find_named_columns, find_other_forms, find_padded


@pytest.mark.parametrize(
    "line",
    [
        "head relation tail",
        "Subject Predicate Object",
        "h r t",
        "HEAD_ID TAIL_ID RELATION",
        "source edge target",
        "s p o",
    ],
)
def test_names_of_columns(line):
    assert sorted(find_named_columns(line.split())) == [0, 1, 2]


@pytest.mark.parametrize(
    "line", ["a r b", "head head tail", "head relation arm", "cuba relation usa", "id label name", "head type relation"]
)
def test_triples(line):
    assert find_named_columns(line.split()) is None


def test_the_forms_of_a_label():
    composed, decomposed = "São", unicodedata.normalize("NFD", "São")
    assert find_other_forms([composed, "a", decomposed]) == [(composed, decomposed)]
    assert find_other_forms([composed, "Sao"]) == find_other_forms([decomposed, "é"]) == []
    two = ["x\u0323\u0307\u0301", "x\u0307\u0323\u0301"]
    assert find_other_forms(two) == [tuple(two)] or find_other_forms(two) == [tuple(two[::-1])]


def test_the_white_space_around_a_label():
    assert find_padded(["a", " a", "b ", "a b"]) == [("a", " a")]
    assert find_padded(["b\u00a0", "\ufeffb"]) == [("b\u00a0", "\ufeffb")]
    assert find_padded(["a\u200c", "a", "b", "a  b", "a b"]) == []


@given(st.sets(st.text(st.sampled_from("ae\u0301\u0323éạ"), min_size=1, max_size=4), max_size=12))
def test_as_many_pairs_as_labels_too_many(labels):
    pairs = find_other_forms(labels)
    assert len(pairs) == len(labels) - len({unicodedata.normalize("NFC", label) for label in labels})
    for one, other in pairs:
        assert one != other
        assert unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
        assert {one, other} <= labels
