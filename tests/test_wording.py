"""Words of messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.wording import MANY, count, suggest


@pytest.mark.parametrize(
    ("number", "words", "text"),
    [
        (0, ("epoch",), "0 epochs"),
        (1, ("epoch",), "1 epoch"),
        (2, ("epoch",), "2 epochs"),
        (1_000, ("epoch",), "1,000 epochs"),
        (1, ("entity", "entities"), "1 entity"),
        (14, ("entity", "entities"), "14 entities"),
    ],
)
def test_numbers_of_things(number, words, text):
    assert count(number, *words) == text


@given(st.lists(st.text(min_size=1), min_size=1, unique_by=str.casefold), st.data())
def test_another_case_of_letters_is_found(known, data):
    meant = data.draw(st.sampled_from(known))
    assert repr(meant) in suggest(meant.casefold(), known, "name")


def test_nothing_is_suggested_where_nothing_looks_like_it():
    assert suggest("xyz", ["brazil", "cuba"], "label") == "no label looks like it."
    assert suggest("brasil", ["brazil", "cuba"], "label") == "did you mean 'brazil'?"


def test_among_many_those_that_begin_alike():
    known = [f"entity {i}" for i in range(MANY + 1)]
    assert "'entity 7'" in suggest("Entity 7", known, "label")
    assert suggest("antity 7", known, "label") == "no label looks like it."
