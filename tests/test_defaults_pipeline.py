"""By names, nothing else said: what is chosen, what is recorded, and that a replication trains the same bits."""

import csv
import json
import random

import numpy as np
import pytest
import torch
from pykeen.datasets import EagerDataset, Nations
from pykeen.losses import NSSALoss
from pykeen.models import TransE
from pykeen.pipeline import pipeline, pipeline_from_config
from pykeen.regularizers import CombinedRegularizer, LpRegularizer

from pykeen_conj_hale.datasets import FolderDataset
from pykeen_conj_hale.defaults import choose_settings, describe_graph
from pykeen_conj_hale.defaults.configuration import configuration_of
from pykeen_conj_hale.losses import HaLELoss, NonNegLoss
from pykeen_conj_hale.models import ConjFiveStarE, QueryComplEx, QueryTransE
from pykeen_conj_hale.regularizers import DURARegularizer

QUIET = dict(use_tqdm=False, evaluation_kwargs=dict(use_tqdm=False), random_seed=0)
NAMES = dict(
    dataset="nations",
    dataset_kwargs=dict(create_inverse_triples=True),
    model="ConjComplEx",
    loss="HaLE",
    training_loop="QuerySampling",
    **QUIET,
)


def same_bits(one, other):
    pairs = zip(one.model.state_dict().values(), other.model.state_dict().values(), strict=True)
    return one.losses == other.losses and all(torch.equal(a, b) for a, b in pairs)


@pytest.fixture(scope="module")
def short():
    """Let a training by names be short: the number of epochs is said."""
    return pipeline(**NAMES, training_kwargs=dict(num_epochs=3))


def test_what_is_chosen_is_what_the_rule_says(short):
    settings = choose_settings(describe_graph(short.training), model="ConjComplEx")
    says = settings.pipeline_kwargs()
    recorded = short.configuration
    assert {name: recorded["model_kwargs"][name] for name in says["model_kwargs"]} == says["model_kwargs"]
    assert recorded["num_epochs"] == 3
    assert recorded["batch_size"] == settings.batch_size
    assert recorded["optimizer_kwargs"]["lr"] == settings.learning_rate
    assert recorded["lr_scheduler"] == "BudgetCosineLR"
    assert recorded["lr_scheduler_kwargs"]["warmup"] == settings.warmup
    assert recorded["regularizer_kwargs"]["weight"] == settings.n3
    assert recorded["training_loop_kwargs"]["choose"] is False
    loss = short.model.loss
    assert (loss.activation.__class__.__name__, loss.alpha, loss.square) == ("Identity", 1.0, False)
    assert short.model.entity_representations[0].shape == (settings.model_kwargs["embedding_dim"],)


def test_a_replication_from_json_trains_the_same_bits(short):
    configuration = json.loads(json.dumps(configuration_of(short)))
    again = pipeline_from_config(configuration)
    assert same_bits(short, again)
    assert configuration_of(again) == configuration


def with_inverse_triples(tmp_path):
    return Nations(create_inverse_triples=True)


def of_a_folder(tmp_path):
    for name, factory in zip(("train", "test", "valid"), Nations()._tup(), strict=True):
        lines = ["\t".join(triple) for triple in factory.label_triples(factory.mapped_triples)]
        (tmp_path / f"{name}.txt").write_text("\n".join(lines))
    return FolderDataset(tmp_path, create_inverse_triples=True)


def of_another_name(tmp_path):
    return EagerDataset(*Nations()._tup(), metadata={"name": "kinships"})


@pytest.mark.parametrize("make", [with_inverse_triples, of_a_folder, of_another_name])
def test_a_dataset_that_its_name_does_not_say_is_left_out(make, tmp_path, caplog):
    """PyKEEN records the class's name, and no arguments."""
    dataset = make(tmp_path)
    result = pipeline(**{**NAMES, "dataset": dataset, "dataset_kwargs": None}, training_kwargs=dict(num_epochs=1))
    configuration = json.loads(json.dumps(configuration_of(result)))
    assert not configuration["pipeline"].keys() & {"dataset", "dataset_kwargs"}
    name = result.configuration["dataset"]
    assert f"The configuration has no dataset: '{name}' with no arguments is not what was trained on" in caplog.text
    assert same_bits(result, pipeline_from_config(configuration, dataset=dataset))


def test_a_chosen_batch_is_no_larger_than_the_graph(tmp_path):
    """With batch normalization the last batch of an epoch is dropped: it would be the only one."""
    triples = Nations().training.triples[:30]
    for name in ("train", "valid", "test"):
        (tmp_path / f"{name}.txt").write_text("".join("\t".join(triple) + "\n" for triple in triples.tolist()))
    dataset = FolderDataset(tmp_path, create_inverse_triples=True, leakage="keep")
    names = {**NAMES, "dataset": dataset, "dataset_kwargs": None, "model": "HypER"}
    result = pipeline(**names, training_kwargs=dict(num_epochs=1))
    assert (result.training_loop.num_steps, len(result.losses)) == (1, 1)


@pytest.mark.parametrize("dataset", ["nations", Nations, Nations()])
def test_a_dataset_that_its_name_says_is_recorded(dataset, caplog):
    given = {**NAMES, "dataset": dataset, "dataset_kwargs": None}
    result = pipeline(**given, training_kwargs=dict(num_epochs=1))
    configuration = configuration_of(result)
    assert configuration["pipeline"]["dataset"] == "nations"
    assert same_bits(result, pipeline_from_config(configuration))
    assert "The configuration has no dataset" not in caplog.text


def test_triples_are_left_out_without_a_word(short, caplog):
    training, testing, validation = Nations(create_inverse_triples=True)._tup()
    triples = dict(training=training, testing=testing, validation=validation)
    given = {name: value for name, value in NAMES.items() if not name.startswith("dataset")}
    result = pipeline(**given, **triples, training_kwargs=dict(num_epochs=3))
    assert same_bits(result, short)
    assert same_bits(result, pipeline_from_config(configuration_of(result), **triples))
    assert "The configuration has no dataset" not in caplog.text


def test_the_settings_are_those_of_the_names(short):
    """What a person writes out of ``choose_settings`` trains as what is not said."""
    said = choose_settings(describe_graph(short.training), model="ConjComplEx").pipeline_kwargs()
    said["training_kwargs"]["num_epochs"] = 3
    written = pipeline(dataset="nations", dataset_kwargs=dict(create_inverse_triples=True), **said, **QUIET)
    assert same_bits(short, written)


def test_epochs_are_chosen_and_pykeens_own_numbers_can_be_meant():
    given = dict(NAMES, model="RotL", training_loop_kwargs=dict(choose=False), optimizer_kwargs=dict(lr=0.001))
    result = pipeline(**given)
    assert len(result.losses) == 5
    assert (result.configuration["batch_size"], result.configuration["optimizer_kwargs"]["lr"]) == (256, 0.001)
    assert "lr_scheduler" not in result.configuration


@pytest.mark.parametrize(
    ("given", "name", "value"),
    [
        (dict(model_kwargs=dict(embedding_dim=6)), ("model_kwargs", "embedding_dim"), 6),
        (dict(model_kwargs=dict(relation_scale=True)), ("model_kwargs", "relation_scale"), True),
        (dict(loss_kwargs=dict(gamma=7.0)), ("loss_kwargs", "gamma"), 7.0),
        (dict(loss_kwargs=dict(candidates=5)), ("loss_kwargs", "alpha"), 0.1),
        (dict(training_kwargs=dict(num_epochs=1, batch_size=300)), ("batch_size",), 300),
        (dict(optimizer_kwargs=dict(lr=0.02)), ("optimizer_kwargs", "lr"), 0.02),
    ],
)
def test_what_is_given_goes_before(given, name, value):
    result = pipeline(**{**NAMES, "training_kwargs": dict(num_epochs=1), **given})
    found = result.configuration
    for key in name:
        found = found[key]
    assert found == value
    assert ("regularizer" in result.configuration) is ("loss_kwargs" not in given)


def test_no_regularizer_can_be_meant():
    result = pipeline(**NAMES, regularizer="no", training_kwargs=dict(num_epochs=1))
    assert result.model.factor_regularizer is None
    assert same_bits(result, pipeline_from_config(configuration_of(result)))


def test_a_distance_and_a_dot_product_have_their_own_losses():
    distance = pipeline(**{**NAMES, "model": "RotL"}, training_kwargs=dict(num_epochs=1))
    assert distance.configuration["loss_kwargs"]["activation"] == "hanon"
    assert distance.model.factor_regularizer is None
    other = pipeline(**{**NAMES, "model": "TransE"}, training_kwargs=dict(num_epochs=1))
    assert other.configuration["loss_kwargs"]["activation"] == "identity"


def test_a_file_of_the_tracker_ends_with_what_was_trained(tmp_path):
    path = tmp_path / "run.csv"
    tracker = dict(result_tracker="csv", result_tracker_kwargs=dict(path=str(path)))
    result = pipeline(**NAMES, training_kwargs=dict(num_epochs=1), **tracker)
    told = {line["key"]: line["value"] for line in csv.DictReader(path.open()) if line["type"] == "parameter"}
    assert float(told["optimizer_kwargs.lr"]) == result.configuration["optimizer_kwargs"]["lr"]
    assert told["lr_scheduler"] == "BudgetCosineLR"
    assert int(told["batch_size"]) == result.configuration["batch_size"]
    assert int(told["model_kwargs.embedding_dim"]) == result.configuration["model_kwargs"]["embedding_dim"]


@pytest.mark.parametrize("training_loop", ["BudgetedLCWA", "BudgetedSLCWA", "QuerySampling"])
@pytest.mark.parametrize("loss", [None, dict(gamma=4)])
def test_each_loop_of_this_package_records_what_the_graph_chose(training_loop, loss, caplog):
    given = dict(loss="HaLE") if loss is None else dict(loss=HaLELoss(**loss))
    result = trained_with(model="QueryComplEx", training_loop=training_loop, **given)
    settings = choose_settings(describe_graph(result.training), model=QueryComplEx)
    recorded = result.configuration
    assert repr(HaLELoss(**recorded["loss_kwargs"])) == repr(result.model.loss)
    chosen = {} if loss else settings.model_kwargs
    assert chosen.items() <= recorded["model_kwargs"].items()
    if not loss:
        assert recorded["regularizer_kwargs"]["weight"] == settings.n3
    configuration = json.loads(json.dumps(configuration_of(result)))
    assert "does not train the same" not in caplog.text
    assert same_bits(result, pipeline_from_config(configuration))


def test_a_configuration_says_what_json_cannot_hold():
    result = pipeline(**NAMES, training_kwargs=dict(num_epochs=1))
    result.configuration["model_kwargs"]["entity_initializer"] = print
    with pytest.raises(ValueError, match=r"pipeline\.model_kwargs\.entity_initializer=.* is an object"):
        configuration_of(result)


def of_nations(model, **kwargs):
    return model(triples_factory=Nations().training, **kwargs)


def trained_with(training_loop="QuerySampling", **given):
    return pipeline(
        dataset="nations", training_loop=training_loop, training_kwargs=dict(num_epochs=1), **{**QUIET, **given}
    )


#: NonNeg refuses scales
UNSCALED = dict(embedding_dim=8, relation_scale=False)
DURA = dict(weight=0.5, entity_weight=0.5, product_weight=1.5)


@pytest.mark.parametrize(
    ("make", "parts"),
    [
        (lambda: dict(model="QueryTransE", model_kwargs=UNSCALED, loss=NonNegLoss(lambda_=3)), ["loss"]),
        (lambda: dict(model="TransE", loss=NSSALoss(margin=2), training_loop="slcwa"), ["loss"]),
        (lambda: dict(model="RotE", loss=HaLELoss(gamma=4), training_loop="lcwa"), ["loss"]),
        (lambda: dict(model="TransE", regularizer=LpRegularizer(weight=0.3), training_loop="lcwa"), ["regularizer"]),
        (
            lambda: dict(model="TransE", training_loop="lcwa", regularizer=CombinedRegularizer([LpRegularizer()])),
            ["regularizer"],
        ),
        (lambda: dict(model=of_nations(TransE, embedding_dim=7), training_loop="slcwa"), ["model"]),
        (lambda: dict(model=of_nations(ConjFiveStarE, variant="vertical", embedding_dim=8)), ["model"]),
        (lambda: dict(model=of_nations(QueryTransE, **UNSCALED, loss=NonNegLoss(lambda_=3))), ["model", "loss"]),
        (lambda: dict(model=of_nations(TransE, loss=NSSALoss(margin=2)), training_loop="lcwa"), ["model", "loss"]),
    ],
)
def test_parts_that_were_given_as_objects_and_are_not_made_again_are_said(make, parts, caplog):
    """PyKEEN records the class's name, and no arguments."""
    result = trained_with(**make())
    caplog.clear()
    states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    configuration = json.loads(json.dumps(configuration_of(result)))["pipeline"]
    assert states == (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist())
    messages = [r.getMessage() for r in caplog.records if "does not train the same" in r.getMessage()]
    assert len(messages) == 1
    for name in ("model", "loss", "regularizer"):
        assert (f"{name}={configuration.get(name)!r} with " in messages[0]) is (name in parts)
        assert (f"{name}=…, {name}_kwargs=…" in messages[0]) is (name in parts)


@pytest.mark.parametrize(
    "make",
    [
        lambda: dict(model="QueryTransE", model_kwargs=UNSCALED, loss="NonNeg", loss_kwargs=dict(lambda_=3)),
        lambda: dict(model="TransE", loss="nssa", loss_kwargs=dict(margin=2), training_loop="slcwa"),
        # what is open is chosen by the graph: by the model here
        lambda: dict(model="RotE", loss="HaLE", training_loop="lcwa"),
        lambda: dict(model="TransE", loss="HaLE", training_loop="lcwa"),
        lambda: dict(model="RotE", loss=HaLELoss(), training_loop="lcwa"),
        lambda: dict(model="RotE", loss=HaLELoss(gamma=4)),
        lambda: dict(model="TransE", loss=NSSALoss(), training_loop="slcwa"),
        lambda: dict(model="TransE", regularizer="lp", regularizer_kwargs=dict(weight=0.3), training_loop="lcwa"),
        # a regularizer that is the default of PyKEEN's model, and one by its name in the model's arguments
        lambda: dict(model="DistMult", training_loop="lcwa"),
        lambda: dict(
            model="TransE",
            model_kwargs=dict(regularizer="lp", regularizer_kwargs=dict(weight=0.3)),
            training_loop="lcwa",
        ),
        lambda: dict(model="ConjComplEx", regularizer="DURA", regularizer_kwargs=DURA),
        lambda: dict(model="ConjComplEx", model_kwargs=dict(regularizer="DURA", regularizer_kwargs=DURA)),
        lambda: dict(model="ConjComplEx", model_kwargs=dict(regularizer=DURARegularizer(**DURA))),
        lambda: dict(model="ConjComplEx", regularizer=DURARegularizer(**DURA), training_loop="lcwa"),
    ],
)
def test_nothing_is_said_of_what_trains_the_same_bits_again(make, caplog):
    result = trained_with(**make())
    configuration = json.loads(json.dumps(configuration_of(result)))
    assert "does not train the same" not in caplog.text
    assert same_bits(result, pipeline_from_config(configuration))


def test_all_arguments_of_a_regularizer_of_this_package_are_recorded():
    result = trained_with(model="ConjComplEx", model_kwargs=dict(regularizer=DURARegularizer(**DURA)))
    recorded = configuration_of(result)["pipeline"]
    assert recorded["regularizer_kwargs"] == dict(DURA, apply_only_once=False)
    assert result.configuration["regularizer_kwargs"] == recorded["regularizer_kwargs"]


def test_a_regularizer_of_a_models_weights_is_made_again(caplog):
    """A model adds its parameters to such a regularizer, which are no argument of it."""
    configuration_of(trained_with(model="ConvKB", model_kwargs=dict(embedding_dim=4), training_loop="slcwa"))
    assert "does not train the same" not in caplog.text
    given = dict(model="ConvKB", model_kwargs=dict(embedding_dim=4), regularizer="lp", training_loop="slcwa")
    configuration_of(trained_with(**given, regularizer_kwargs=dict(weight=0.3)))
    assert "does not train the same" not in caplog.text
