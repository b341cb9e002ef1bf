"""Descriptions do not name what held-out triples connect their entity with."""

import logging

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
