"""Options that the graph decides, and how PyKEEN's command line says true and false."""

import logging

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import TransE
from pykeen.triples import CoreTriplesFactory, KGInfo

from pykeen_conj_hale.defaults import choose_settings, describe_graph
from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import MODELS, QueryComplEx, RotE
from pykeen_conj_hale.nn.options import read_bool
from pykeen_conj_hale.training import QuerySamplingTrainingLoop


@pytest.fixture(scope="module")
def triples():
    return Nations(create_inverse_triples=True).training


def test_the_log_says_what_was_chosen(triples, caplog):
    with caplog.at_level(logging.INFO):
        QueryComplEx(triples_factory=triples, loss=HaLELoss(), embedding_dim=4, random_seed=0)
        QueryComplEx(triples_factory=triples, loss=HaLELoss(alpha=0.1), random_seed=0)
    (said,) = [record.getMessage() for record in caplog.records if "Chosen" in record.getMessage()]
    settings = choose_settings(describe_graph(triples), model=QueryComplEx)
    assert "QueryComplEx(embedding_dim=4, similarity='dot', " in said
    assert f"min_reflexive={settings.model_kwargs['min_reflexive']}" in said
    assert f"N3Regularizer of weight {settings.n3:g}" in said
    assert "HaLE" in said


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_a_model_has_the_options_that_were_chosen(model, triples):
    loss = HaLELoss()
    made = model(triples_factory=triples, loss=loss, random_seed=0)
    settings = choose_settings(describe_graph(triples), model=model)
    assert {name: made.made_with[name] for name in settings.model_kwargs}.keys() == settings.model_kwargs.keys()
    for name, value in settings.model_kwargs.items():
        assert str(made.made_with[name]).replace("_", "") == str(value).replace("_", "")
    assert loss.is_open
    assert not made.loss.is_open
    assert (made.loss.alpha, made.loss.square) == (settings.loss_kwargs["alpha"], settings.loss_kwargs["square"])
    assert (made.factor_regularizer is not None) is (settings.n3 > 0)


@pytest.fixture(scope="module")
def chain():
    """A sparse graph, of another kind than Nations: each entity has a triple with the next."""
    heads = torch.arange(3_000)
    triples = torch.stack([heads, heads % 2, heads + 1], dim=1)
    return CoreTriplesFactory.create(triples, create_inverse_triples=True)


def test_a_loss_is_open_for_the_graph_of_each_model(triples, chain):
    loss = HaLELoss()
    settings = [choose_settings(describe_graph(factory), model=QueryComplEx) for factory in (triples, chain)]
    assert settings[0].loss_kwargs != settings[1].loss_kwargs
    made = [QueryComplEx(triples_factory=factory, loss=loss, random_seed=0) for factory in (triples, chain)]
    for model, expected in zip(made, settings, strict=True):
        assert repr(model.loss) == repr(HaLELoss(**expected.loss_kwargs))
        assert model.made_with["embedding_dim"] == expected.model_kwargs["embedding_dim"]
    assert loss.is_open


@pytest.mark.parametrize("order", [1, -1])
def test_a_loss_is_open_for_the_graph_of_each_loop(triples, chain, order):
    """Also of models that are no query models."""
    loss = HaLELoss()
    for factory in (triples, chain)[::order]:
        model = TransE(triples_factory=factory, loss=loss, embedding_dim=4, random_seed=0)
        loop = QuerySamplingTrainingLoop(model=model, triples_factory=factory, optimizer="adam")
        expected = choose_settings(describe_graph(factory), model=TransE).loss_kwargs
        assert repr(loop.loss) == repr(HaLELoss(**expected))
        assert loop.terms.loss is loop.loss is model.loss
    assert loss.is_open


def test_arguments_of_what_is_not_named(triples):
    options = dict(triples_factory=triples, embedding_dim=4, random_seed=0)
    assert RotE(loss_kwargs=dict(gamma=9.0), **options).loss.activation.gamma == 9.0
    chosen = QueryComplEx(loss="HaLE", regularizer_kwargs=dict(weight=0.25), **options).factor_regularizer
    assert chosen.arguments() == dict(weight=0.25, apply_only_once=False)
    with pytest.raises(ValueError, match=r"regularizer_kwargs=\{'weight': 0.25\} is not allowed without a regularizer"):
        QueryComplEx(regularizer_kwargs=dict(weight=0.25), **options)


def test_nothing_is_chosen_with_a_loss_that_is_said_or_without_triples(triples):
    model = MODELS[0]
    for loss, factory in (
        (HaLELoss(alpha=0.1), triples),
        ("crossentropy", triples),
        (HaLELoss(), KGInfo(num_entities=14, num_relations=110, create_inverse_triples=True)),
    ):
        made = model(triples_factory=factory, loss=loss, random_seed=0)
        assert made.made_with["embedding_dim"] == model.embedding_dim_default
        assert made.factor_regularizer is None


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("true", True), ("False", False), (False, False), (None, True)]
)
def test_texts_of_the_command_line(value, expected):
    assert read_bool("tail_bias", value, True) is expected


@pytest.mark.parametrize("value", ["yes please", 1, ""])
def test_other_texts(value):
    with pytest.raises(ValueError, match=r"tail_bias=.* is not allowed"):
        read_bool("tail_bias", value, True)
