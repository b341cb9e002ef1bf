"""Words of a text, in any script and any of Unicode's forms."""

import re
import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.normal_form import normalize
from pykeen_conj_hale.text import Cooccurrence, tokenize


def test_words():
    assert tokenize("It's the café-bar's 2nd “Test”, _x_ -y") == [
        "it's", "the", "café-bar's", "2nd", "test", "x", "y",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "आधुनिक मानक हिन्दी",
        "తెలుగు భాష",
        "বাংলা ভাষা",
        "தமிழ் மொழி",
        "ภาษาไทย ดี",
        "اَلْعَرَبِيَّةُ لُغَةٌ",
        "עִבְרִית שָׂפָה צה״ל",
        "می\u200cخواهم क्\u200dष",
        "paral·lel x\u0323\u0301",
    ],
)
def test_words_of_other_scripts_stay_whole(text):
    assert tokenize(f"«{text}».") == normalize(text).split()


def test_two_mentions_that_differ_in_a_mark_are_two():
    text = ["हिन्दी और हिन्दू दो"]
    counted = Cooccurrence.from_documents(text, {"a": "हिन्दी", "b": "हिन्दू"}, min_count=1, use_tqdm=False)
    assert counted.entities == ["a", "b"]
    assert counted.settings["num_ambiguous_mentions"] == 0


def test_one_word_however_it_was_typed():
    for form in ("NFC", "NFD"):
        assert tokenize(unicodedata.normalize(form, "São İstanbul")) == ["são", "i\u0307stanbul"]


def test_what_is_not_seen_is_left_out():
    assert tokenize("\ufeffZusammen\u00adarbeit \u200fשלום\u200e\u2069") == ["zusammenarbeit", "שלום"]


#: More of what the tokenizer has rules for than is drawn otherwise
RULED = st.sampled_from("aéßΣİ_'’-·־ \u0301\u0345\u093f\u094d\u200c\u200d\u00adहদ9²\U0001e130")
TEXTS = st.text(st.one_of(RULED, st.characters(exclude_categories=["Cs"])), max_size=30)


@given(TEXTS)
def test_the_words_depend_on_the_text_only_not_on_its_form(text):
    words = tokenize(unicodedata.normalize("NFC", text))
    assert tokenize(unicodedata.normalize("NFD", text)) == words
    # what `remove_overlap` needs
    assert tokenize(" ".join(words)) == words


@given(TEXTS)
def test_no_letter_is_lost_and_every_word_begins_with_one(text):
    words = tokenize(text)
    assert all(word[0].isalnum() and not re.search(r"\s|_", word) for word in words)
    lowered = normalize(normalize(text).lower())
    assert sorted(x for word in words for x in word if x.isalnum()) == sorted(x for x in lowered if x.isalnum())


@given(st.text(st.characters(max_codepoint=127)))
def test_text_in_ascii_has_the_same_words_in_any_company(text):
    assert tokenize(f"é {text}") == ["é", *tokenize(text)]


def test_a_word_may_have_every_mark_of_unicode():
    marks = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)).startswith("M")]
    broken = [mark for mark in marks if len(tokenize(f"a{mark}b")) != 1]
    assert len(marks) > 2000
    assert broken == []
