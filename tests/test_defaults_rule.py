"""From a graph to settings."""

import json

import pytest
from pykeen.datasets import Nations
from pykeen.losses import loss_resolver
from pykeen.models import model_resolver

from pykeen_conj_hale.defaults import Graph, choose_settings, describe_graph
from pykeen_conj_hale.defaults.table import KINDS, kind_of
from pykeen_conj_hale.workflow.trained import make_model

#: Name: entities, relations, triples, and the kind
GRAPHS = {
    "Nations": (14, 55, 1_592, "small"),
    "Kinships": (104, 25, 8_544, "small"),
    "UMLS": (135, 46, 5_216, "small"),
    "CoDEx-S": (2_034, 42, 32_888, "medium"),
    "FB15k-237": (14_541, 237, 272_115, "dense"),
    "CoDEx-M": (17_050, 51, 185_584, "dense"),
    "WN18RR": (40_943, 11, 86_835, "sparse"),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_the_kind_of_a_graph(name):
    *numbers, kind = GRAPHS[name]
    assert kind_of(Graph(*numbers, 0.1, True)).name == kind


@pytest.mark.parametrize("name", GRAPHS)
@pytest.mark.parametrize("model", [None, "ConjComplEx", "RotL", "HypER", "ComplEx"])
@pytest.mark.parametrize("loss", [None, "AllNeg", "NonNeg", "crossentropy"])
def test_settings_are_json_and_make_what_they_say(name, model, loss):
    settings = choose_settings(Graph(*GRAPHS[name][:3], 0.1, True), seconds=5, model=model, loss=loss)
    kwargs = settings.pipeline_kwargs()
    assert json.loads(json.dumps(kwargs)) == kwargs
    made = loss_resolver.make(kwargs["loss"], kwargs["loss_kwargs"])
    factory = Nations(create_inverse_triples=True).training
    model_resolver.make(kwargs["model"], kwargs["model_kwargs"], triples_factory=factory, loss=made)
    assert kwargs["training_loop_kwargs"] == {"choose": False, "time_budget": 5}
    assert settings.model in settings.summary()
    assert "\n" not in settings.summary()


@pytest.mark.parametrize(
    ("model", "has_n3"), [("ConjComplEx", True), ("HypER", False), ("ConvE", False), ("TransE", False)]
)
def test_n3_is_for_query_models(model, has_n3):
    """HypER keeps its own options, and ConvE takes no regularizer at all."""
    settings = choose_settings(Graph(*GRAPHS["Nations"][:3], 0.1, True), model=model)
    assert (settings.n3 > 0) == has_n3 == ("regularizer" in settings.pipeline_kwargs())
    assert bool(settings.model_kwargs) == has_n3
    made = make_model(settings.pipeline_kwargs(), Nations(create_inverse_triples=True).training)
    assert type(made).__name__ == model


@pytest.mark.parametrize("model", ["RotL", "QueryComplEx", None])
def test_a_loss_that_takes_no_scale_per_relation_gets_none(model):
    graph = describe_graph(Nations().training)
    assert choose_settings(graph, model=model, loss="NonNeg").model_kwargs["relation_scale"] is False
    assert choose_settings(graph, model="RotL", loss="HaLE").model_kwargs["relation_scale"] is True


def test_the_caller_may_change_what_it_gets():
    settings = choose_settings(describe_graph(Nations().training))
    settings.pipeline_kwargs()["loss_kwargs"]["alpha"] = 0.5
    assert settings.pipeline_kwargs()["loss_kwargs"]["alpha"] == 1.0


def test_complex_models_have_half_as_many_numbers():
    graph = Graph(*GRAPHS["WN18RR"][:3], 0.4, True)
    real, complex_ = (
        choose_settings(graph, model=model).model_kwargs["embedding_dim"] for model in ("RotL", "FiveStarE")
    )
    assert real == 2 * complex_


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"seconds": 0}, "seconds=0 is not allowed"),
        ({"seconds": float("nan")}, "seconds=nan is not allowed"),
        ({"model": "RotX"}, "model='RotX'"),
        ({"loss": "HaLF"}, "loss='HaLF'"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises(ValueError, match=message):
        choose_settings(Graph(14, 55, 1_592, 0.5, True), **arguments)


def test_every_kind_can_be_reached():
    assert {kind_of(Graph(*numbers, 0.1, True)).name for *numbers, _ in GRAPHS.values()} == {
        kind.name for kind in KINDS
    }


@pytest.mark.parametrize("inverse", [True, False])
def test_a_batch_is_no_larger_than_the_graph(inverse):
    """Models with batch normalization, as HypER, drop what is no whole batch; the learning rate stays the recipe's."""
    few, many = (choose_settings(Graph(14, 55, n, 0.1, inverse), model="HypER") for n in (72, 5_000))
    triples = 144 if inverse else 72
    assert few.pipeline_kwargs()["training_kwargs"]["batch_size"] == triples < many.batch_size
    assert f"batches of {triples}," in few.summary()
    assert few.learning_rate == many.learning_rate
