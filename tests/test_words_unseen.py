"""New entities after training: their vectors, ranks, predictions; what is unknown."""

import copy
import logging

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from pykeen.predict import predict_target

from pykeen_conj_hale.evaluation import IndexedRankBasedEvaluator
from pykeen_conj_hale.text import add_entities


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


TEXTS = {
    label: (label, f"a state of {side}") for label, side in (("cuba", "sugar"), ("china", "tea"), ("egypt", "tea"))
}


def make(triples, base="RotE", **options):
    options = {"embedding_dim": 8, "min_count": 1, "random_seed": 0, **options}
    return model_resolver.make("TextEntities", triples_factory=triples, base=base, texts=TEXTS, **options).eval()


@pytest.mark.parametrize(
    "options", [{}, {"own": True}, {"base": "ComplEx"}, {"base": "ConjComplEx", "own": True}, {"tail_bias": True}]
)
def test_an_entity_with_a_known_text_has_its_vector(triples, options):
    model = make(triples, **{**options, "own": False})
    twin = {"kuba": ("Cuba", "a state of sugar"), "atlantis": ("atlantis", "sugar of a state")}
    extended = add_entities(model, triples, twin)
    cuba, kuba = triples.entity_to_id["cuba"], extended.triples_factory.entity_to_id["kuba"]
    assert kuba == triples.num_entities
    vectors = extended.model.entity_representations[0](None)
    torch.testing.assert_close(vectors[kuba], vectors[cuba])
    assert torch.equal(vectors[: triples.num_entities], model.entity_representations[0](None))
    assert extended.unknown == {"kuba": [], "atlantis": ["atlantis"]}


@pytest.mark.parametrize("own", [True, False])
def test_the_model_stays_as_it_is(triples, own):
    model = make(triples, own=own)
    before = copy.deepcopy(model.state_dict())
    batch = triples.mapped_triples[:20, :2]
    scores = model.predict_t(batch)
    extended = add_entities(model, triples, {"atlantis": ("atlantis", "a state of tea")})
    assert model.num_entities == len(model.bag.tokens) == 14
    for key, value in model.state_dict().items():
        assert torch.equal(value, before[key])
    assert extended.model.predict_t(batch).shape == (20, 15)
    torch.testing.assert_close(extended.model.predict_t(batch)[:, :14], scores)
    assert extended.model.num_trained == model.num_trained


def test_predictions_and_ranks(triples):
    extended = add_entities(make(triples, own=True), triples, {"atlantis": ("atlantis", "a state of tea")})
    prediction = predict_target(
        extended.model, head="atlantis", relation="tourism", triples_factory=extended.triples_factory
    )
    assert len(prediction.df) == 15
    assert "atlantis" in set(prediction.df["tail_label"])
    new = torch.tensor([[14, 0, 0], [1, 0, 14]])
    ranks = IndexedRankBasedEvaluator().evaluate(
        extended.model, new, additional_filter_triples=triples.mapped_triples, use_tqdm=False
    )
    assert 0 < ranks.get_metric("mrr") <= 1
    names = extended.model.word_vectors()
    assert names.entities[-1] == "atlantis"
    assert "tea" in names.words


def test_a_bias_per_entity_is_the_mean(triples):
    model = make(triples, tail_bias=True)
    torch.nn.init.normal_(model.entity_representations[1]._embeddings.weight)
    extended = add_entities(model, triples, {"atlantis": ("atlantis", "a state of tea")}).model
    biases = extended.entity_representations[1](None)
    torch.testing.assert_close(biases[14], biases[:14].mean())


def test_only_unknown_words(triples, caplog):
    model = make(triples)
    with caplog.at_level(logging.WARNING):
        extended = add_entities(model, triples, {"atlantis": ("", ""), "mu": ("mu", "lost")})
    assert "2 of 2 entities have no text with a known word" in caplog.text
    vectors = extended.model.entity_representations[0](None)
    assert torch.equal(vectors[14], vectors[15])
    assert torch.isfinite(vectors).all()


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ({"cuba": ("Cuba", "")}, r"1 of the new entities are there already: \['cuba'\]"),
        ({"atlantis": "a state"}, "have 1 fields, and the model was trained with 2"),
        ({}, "have no texts each"),
        (3, "texts=3 is not allowed"),
    ],
)
def test_bad_texts(triples, texts, message):
    with pytest.raises(ValueError, match=message):
        add_entities(make(triples), triples, texts)


def test_models_with_further_vectors(triples):
    with pytest.raises(ValueError, match="of which there is no vector of a new entity"):
        add_entities(make(triples, "CP", rank=1), triples, {"atlantis": ("", "a state")})
