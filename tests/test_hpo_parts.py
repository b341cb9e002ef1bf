"""The parts of a trial: each takes the arguments of its name, and no others."""

import re

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.hpo.parts import check_parts

ARGUMENTS = {
    "model": "RotE",
    "loss": "HaLE",
    "regularizer": "N3",
    "optimizer": "Adam",
    "lr_scheduler": "BudgetCosine",
    "training_loop": "QuerySampling",
    "stopper": "timed",
    "evaluator": "rankbased",
    "pruner": "median",
}


@given(
    part=st.sampled_from(["loss", "optimizer", "evaluation", "pruner", "lr_scheduler", "stopper"]),
    suffix=st.sampled_from(["kwargs", "kwargs_ranges"]),
    name=st.from_regex(r"zz[a-z]{1,5}", fullmatch=True),
)
def test_a_name_that_nothing_takes(part, suffix, name):
    argument = f"{part}_{suffix}"
    with pytest.raises(ValueError, match=rf"^{argument} has '{name}', which .* does not take; choose among \["):
        check_parts({**ARGUMENTS, argument: {name: 1}})


@pytest.mark.parametrize(
    "changes",
    [
        {"loss_kwargs": {"gamma": 5.0}},
        {"optimizer_kwargs": {"lr": 0.1}, "optimizer_kwargs_ranges": {"eps": {"type": float, "low": 0, "high": 1}}},
        {"evaluation_kwargs": {"batch_size": 3}, "evaluator_kwargs": {"filtered": True}},
        {"model_kwargs": {"embedding_dim": 3}},
        {"stopper_kwargs": {"seconds": 3, "metric": "mrr"}, "pruner_kwargs": {"n_startup_trials": 1}},
        {"device": "cpu"},
        {"device": None},
    ],
)
def test_what_they_take(changes):
    check_parts({**ARGUMENTS, **changes})


@pytest.mark.parametrize("device", ["cpuu", "xpu:99", "meta:meta", "cuda:99", torch.device("cuda", 99)])
def test_a_device_that_is_not_there(device):
    """PyKEEN would train on the CPU where there is no GPU at all."""
    with pytest.raises(ValueError, match=rf"device={re.escape(repr(device))} (cannot be used here|is unknown)"):
        check_parts({**ARGUMENTS, "device": device})
