"""Strategies are what their names say."""

import pytest
from pykeen.losses import loss_resolver
from pykeen.training import training_loop_resolver

from pykeen_conj_hale.losses import AdvNegLoss, AllNegLoss, HaLELoss, NonNegLoss, SamNegLoss
from pykeen_conj_hale.reproduce import strategies
from pykeen_conj_hale.reproduce.strategies import STRATEGIES, settings
from pykeen_conj_hale.streaming.activations import Halin, Hanon, Identity
from pykeen_conj_hale.training import BudgetedSLCWATrainingLoop, QuerySamplingTrainingLoop

CELL = dict(dataset="WN18RR", model="RotL", embedding_dim=32)


def make_loss(strategy):
    chosen = settings(strategy, **CELL)
    return loss_resolver.make(chosen["loss"], chosen["loss_kwargs"])


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_the_loss_goes_with_the_loop(strategy):
    loop = training_loop_resolver.lookup(settings(strategy, **CELL)["training_loop"])
    sampled = isinstance(make_loss(strategy), (SamNegLoss, AdvNegLoss))
    assert loop is (BudgetedSLCWATrainingLoop if sampled else QuerySamplingTrainingLoop)


@pytest.mark.parametrize(
    ("strategy", "cls", "activation"),
    [
        ("HaLE", HaLELoss, Hanon()),
        ("SamNeg", SamNegLoss, Identity()),
        ("AdvNeg", AdvNegLoss, Identity()),
        ("AdvNeg-tuned", AdvNegLoss, Identity()),
        ("AllNeg", AllNegLoss, Identity()),
        ("NonNeg", NonNegLoss, Identity()),
        ("HA+SamNeg", SamNegLoss, Hanon()),
        ("HA+AllNeg", AllNegLoss, Hanon()),
        ("HaLE-no-activation", HaLELoss, Identity()),
        ("HaLE-halin", HaLELoss, Halin()),
    ],
)
def test_losses(strategy, cls, activation):
    loss = make_loss(strategy)
    assert type(loss) is cls
    assert type(loss.activation) is type(activation)


def test_an_ablation_changes_one_thing():
    hale = settings("HaLE", **CELL)
    for strategy, argument, name, value in [
        ("HaLE-no-square", "loss_kwargs", "square", False),
        ("HaLE-no-scale", "model_kwargs", "relation_scale", False),
    ]:
        other = settings(strategy, **CELL)
        assert hale[argument][name] is not value
        assert other == {**hale, argument: {**hale[argument], name: value}}


def test_tuned_settings(monkeypatch):
    before = settings("HaLE", **CELL)
    tuned = [
        (dict(strategy="HaLE"), dict(loss_kwargs=dict(gamma=10.0))),
        (dict(strategy="HaLE", dataset="WN18RR"), dict(loss_kwargs=dict(gamma=20.0), optimizer="AdamW")),
        (dict(strategy="HaLE", model="RotE"), dict(loss_kwargs=dict(gamma=7.0))),
        (dict(strategy="AllNeg"), dict(loss_kwargs=dict(gamma=8.0))),
    ]
    monkeypatch.setattr(strategies, "TUNED", tuned)
    after = settings("HaLE", **CELL)
    assert after == {**before, "loss_kwargs": {**before["loss_kwargs"], "gamma": 20.0}, "optimizer": "AdamW"}
    assert settings("HaLE", **{**CELL, "dataset": "CoDEx-S"})["loss_kwargs"]["gamma"] == 10.0
    # the table itself is left as it is
    after["loss_kwargs"]["gamma"] = 1.0
    assert settings("HaLE", **CELL)["loss_kwargs"]["gamma"] == 20.0


def test_the_rates_of_tuned_negatives():
    def rate(dataset, model):
        return settings("AdvNeg-tuned", dataset=dataset, model=model, embedding_dim=32)["optimizer_kwargs"]["lr"]

    found = [rate(dataset, model) for dataset in ("CoDEx-S", "FB15k-237") for model in ("RotE", "RotL")]
    assert found == [0.02, 0.005, 0.04, 0.01]
