"""The arguments of a study: what is refused before any work is done, and what makes two studies different."""

import re
from datetime import timedelta

import pytest
from pykeen.datasets import EagerDataset, Nations

from pykeen_conj_hale.hpo.settings import check_arguments, describe, differences
from pykeen_conj_hale.models import RotE
from pykeen_conj_hale.text import Cooccurrence, EntityTexts
from pykeen_conj_hale.training import TimeBudget

BUDGET = {"time_budget": 60}
ARGUMENTS = {"dataset": "nations", "model": "RotE", "training_loop": "QuerySampling", "training_loop_kwargs": BUDGET}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model": "RotF"}, r"model='RotF' is unknown: did you mean .*'rote'"),
        ({"loss": "HaLO"}, "loss='HaLO' is unknown"),
        ({"pruner": "gardener"}, "pruner='gardener' is unknown"),
        ({"training_loop_kwargs": {"time_budget": -1}}, "time_budget=-1 is not allowed"),
        ({"training_loop_kwargs": {}}, "time_budget is missing"),
        (
            {"training_loop_kwargs": {**BUDGET, "stop_on_signal": True}},
            "stop_on_signal=True is not allowed in a study: .* given to another worker",
        ),
        ({"training_loop_kwargs": {"stop_on_signal": True}, "epochs": 3}, "stop_on_signal=True is not allowed"),
        ({"training_loop_kwargs": {**BUDGET, "wall_clock": 60}}, "wall_clock=60 is not allowed in a study"),
        ({"n_jobs": 3}, "n_jobs is not supported: start this program as often"),
        ({"training_kwargs": {"checkpoint": "x"}}, "checkpoint names one file for all trials"),
        ({"training_kwargs": {"checkpoint_name": "x"}}, "checkpoint names one file for all trials"),
        ({"stopper": "early"}, r"stopper='early' counts epochs.*stopper=\"timed\""),
        ({"training_loop": "BudgetedSLCWA", "negative_sampler": "basic"}, "negative_sampler would be ignored"),
    ],
)
def test_what_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        check_arguments({**ARGUMENTS, **changes})


@pytest.mark.parametrize(
    "changes",
    [
        {"training_loop_kwargs": {}, "epochs": 3},
        {"training_loop_kwargs": {}, "training_kwargs": {"num_epochs": 3}},
        {"training_loop_kwargs": {}, "training_kwargs_ranges": {"num_epochs": {"type": int, "low": 1, "high": 3}}},
        {"training_loop_kwargs": {**BUDGET, "stop_on_signal": False}},
        {"stopper": "timed"},
        {"stopper": "nop"},
        {"training_loop": "sLCWA", "training_loop_kwargs": None, "negative_sampler": "basic", "stopper": "early"},
    ],
)
def test_what_is_not(changes):
    check_arguments({**ARGUMENTS, **changes})


@pytest.mark.parametrize("budget", ["00:01:00", timedelta(minutes=1), TimeBudget(60)])
def test_a_budget_becomes_seconds(budget):
    arguments = check_arguments({**ARGUMENTS, "training_loop_kwargs": {"time_budget": budget, "chunk_size": 7}})
    assert arguments["training_loop_kwargs"] == {"time_budget": 60.0, "chunk_size": 7}


def test_the_same_in_other_words():
    one = describe({**ARGUMENTS, "device": "cpu", "model_kwargs": {"embedding_dim": 8, "tail_bias": True}})
    other = describe(
        {**ARGUMENTS, "model": RotE, "model_kwargs": {"tail_bias": True, "embedding_dim": 8}, "loss": None}
    )
    assert one == other
    assert differences(one, other) == ""


def test_no_argument_is_nothing_given():
    assert describe({**ARGUMENTS, "loss_kwargs": {}, "model_kwargs": None}) == describe(ARGUMENTS)


def test_objects_are_described_alike_in_any_process():
    class Thing:
        pass

    one, other = (describe({"dataset": Nations(), "evaluation_kwargs": {"x": Thing()}}) for _ in range(2))
    assert one == other


def make_texts(word):
    return EntityTexts({"brazil": ("Brazil", f"a {word} state"), "cuba": ("Cuba", "")})


def make_cooccurrence(word):
    return Cooccurrence.from_documents([f"a {word} state"], min_count=1, use_tqdm=False)


@pytest.mark.parametrize(("name", "make"), [("texts", make_texts), ("cooccurrence", make_cooccurrence)])
def test_objects_that_hold_something_else_are_different(name, make):
    one, same, other = (describe({"model_kwargs": {name: make(word)}}) for word in ("large", "large", "small"))
    assert differences(one, same) == ""
    assert "model_kwargs is" in differences(one, other)


@pytest.mark.parametrize("changed", ["training", "testing"])
def test_triples_of_one_size_are_told_apart(changed):
    splits = {name: getattr(Nations(), name) for name in ("training", "validation", "testing")}
    triples = splits[changed].mapped_triples.clone()
    triples[0, 0] = (triples[0, 0] + 1) % 14
    others = {**splits, changed: splits[changed].clone_and_exchange_triples(triples)}
    for describe_splits in (describe, describe_dataset):
        one, same, other = map(describe_splits, (splits, splits, others))
        assert differences(one, same) == ""
        text = differences(one, other)
        assert re.match(
            rf"{changed} is .*triples with SHA-256 \w+\" there and .*triples with SHA-256 \w+\" here$", text
        )


def describe_dataset(splits):
    return describe({"dataset": "mine"}, EagerDataset(**splits))


def test_differences_are_named():
    one, other = describe(ARGUMENTS), describe({**ARGUMENTS, "model": "RotL", "loss_kwargs": {"gamma": 5.0}})
    text = differences(one, other)
    assert 'model is "RotE" there and "RotL" here' in text
    assert 'loss_kwargs is not given there and {"gamma": 5.0} here' in text
    assert "dataset" not in text
