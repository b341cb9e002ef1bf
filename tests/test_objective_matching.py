"""Entities of a text and those of a knowledge graph, by their labels."""

import unicodedata

import numpy as np
import pytest
from pykeen.triples import TriplesFactory

from pykeen_conj_hale.text import Cooccurrence, Document, WordVectors
from pykeen_conj_hale.text.objective.matching import match_entities

COMPOSED, DECOMPOSED = (unicodedata.normalize(form, "São Tomé") for form in ("NFC", "NFD"))


@pytest.mark.parametrize("known", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("described", [COMPOSED, DECOMPOSED])
@pytest.mark.parametrize("mentioned", [COMPOSED, DECOMPOSED])
def test_one_entity_whatever_the_form_of_its_label(known, described, mentioned):
    documents = [Document("uma ilha", described), f"a ilha de {known}"]
    mentions = {mentioned: mentioned, COMPOSED: ["Tomé"]}
    counted = Cooccurrence.from_documents(documents, mentions, min_count=1, use_tqdm=False)
    assert (counted.entities, counted.counts[0]) == ([COMPOSED], 1)
    assert match_entities(counted, {"x": 0, known: 1}).tolist() == [1] + [-1] * len(counted.words)


def test_both_forms_in_one_graph():
    """Each text's label is that of the same form."""
    counted = Cooccurrence([COMPOSED, DECOMPOSED], ["a"], [1, 1, 1], [[0, 0, 1], [0, 0, 1], [0, 0, 0]])
    assert match_entities(counted, {DECOMPOSED: 0, COMPOSED: 1}).tolist() == [1, 0, -1]


def test_labels_that_are_numbers_in_pykeens_cache(tmp_path):
    triples = np.array([["7", "r", "12"], ["12", "r", "x"]])
    for labels in (triples, np.where(triples == "x", "5", triples)):
        folder = tmp_path / labels[1, 2]
        factory = TriplesFactory.from_labeled_triples(labels)
        factory.to_path_binary(folder)
        cached = TriplesFactory.from_path_binary(folder)
        counted = Cooccurrence(["12", "7"], ["a"], [1, 1, 1], [[0, 0, 1], [0, 0, 1], [0, 0, 0]])
        ids = [factory.entity_to_id[label] for label in counted.entities]
        assert match_entities(counted, cached.entity_to_id).tolist() == [*ids, -1]
    assert {type(label) for label in cached.entity_to_id} == {int}


def test_vectors_are_found_by_either_form():
    vectors = WordVectors([DECOMPOSED], ["tomé"], np.eye(2))
    assert (vectors.row(DECOMPOSED), vectors.row(unicodedata.normalize("NFD", "tomé"))) == (0, 1)
    assert unicodedata.normalize("NFD", "tomé") in vectors
