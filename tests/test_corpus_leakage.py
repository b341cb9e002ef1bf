"""Descriptions do not name what held-out triples connect their entity with."""

import logging
import unicodedata

import pytest

from pykeen_conj_hale.text import Document, remove_overlap

MENTIONS = {"cat": ["cat", "house cat"], "animal": "animal", "pet": ["pet"], "other": []}


def test_the_other_side_is_removed_from_both(caplog):
    documents = [
        Document("A house cat: an ANIMAL, kept as a pet", "cat"),
        Document("A cat is an animal; a house cat is, too", "animal"),
        Document("An animal or a cat", "pet"),
        Document("An animal or a cat"),
    ]
    with caplog.at_level(logging.INFO, logger="pykeen_conj_hale"):
        found = list(remove_overlap(documents, MENTIONS, [("cat", "is", "animal"), ("pet", "unlike", "other")]))
    assert [d.text for d in found] == [
        "a house cat an kept as a pet",
        "a is an animal a is too",
        "An animal or a cat",
        "An animal or a cat",
    ]
    assert [d.entity for d in found] == [d.entity for d in documents]
    assert "Removed 4 words from 2 descriptions" in caplog.text


def test_what_a_removal_makes_is_removed_too():
    document = Document("it is in new new york york state", "albany")
    (found,) = remove_overlap([document], {"ny": "New York"}, [("albany", "in", "ny")])
    assert found.text == "it is in state"


def test_at_each_place_the_longest_mention_is_removed():
    """Whatever their order and alphabet: otherwise the rest of the longest one would give the answer away."""
    mentions = {"dog": ["sea dog", "sea"], "cat": ["house", "house cat"]}
    # more of them: no order but that by length has the longest first, three times, by chance
    for name, words in (("a", "abcdefgh"), ("s", "stuvwxyz"), ("8", "87654321")):
        mentions[name] = [" ".join(words[:length]) for length in range(1, 9)]
    document = Document("a sea dog at house cat at sea o a b c d e f g h o s t u v w x y z o 8 7 6 5 4 3 2 1 o", "port")
    (found,) = remove_overlap([document], mentions, [("port", "has", other) for other in mentions])
    assert found.text == "at at o o o o"


def test_labels_in_another_form_of_unicode():
    nfc, nfd = (lambda text, form=form: unicodedata.normalize(form, text) for form in ("NFC", "NFD"))
    documents = [Document("ilha perto de São Tomé", nfd("Príncipe"))]
    (found,) = remove_overlap(documents, {nfd("Tomé"): nfd("são tomé")}, [(nfc("Príncipe"), "r", nfc("Tomé"))])
    assert found.text == "ilha perto de"


@pytest.mark.parametrize("triples", [[("animal", "is", "cat")], []])
def test_that_nothing_is_removed_is_a_warning(caplog, triples):
    """Where there are triples."""
    with caplog.at_level(logging.INFO):
        list(remove_overlap([Document("a tree", "cat")], MENTIONS, triples))
    assert ("nothing was removed: are entities called the same" in caplog.text) == bool(triples)
    assert ("WARNING" in caplog.text) == bool(triples)
