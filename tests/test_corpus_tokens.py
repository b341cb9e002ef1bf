"""Words of a text."""

from pykeen_conj_hale.text import tokenize


def test_words():
    assert tokenize("It's the café-bar's 2nd “Test”, _x_ -y") == [
        "it's", "the", "café-bar's", "2nd", "test", "x", "y",
    ]  # fmt: skip
