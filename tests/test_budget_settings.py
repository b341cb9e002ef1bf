"""What a training is set to: every setting is listed, none that changes by itself, and another one is refused."""

import functools
import shutil

import golden_runs
import pytest
import torch
from budget_runs import nations
from hypothesis import given
from hypothesis import strategies as st
from pykeen.evaluation import RankBasedEvaluator
from pykeen.losses import loss_resolver
from pykeen.models import DistMult, model_resolver
from pykeen.training import training_loop_resolver

from pykeen_conj_hale.description import describe
from pykeen_conj_hale.training import CheckpointError, TimedStopper
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint, save_checkpoint
from pykeen_conj_hale.training.budget.settings import list_settings

FACTORY = nations()


def make(loop="QuerySampling", model="ConjComplEx", loss="HaLE", loss_kwargs=None, optimizer_kwargs=None, **kwargs):
    model_kwargs = kwargs.pop("model_kwargs", {})
    instance = model_resolver.make(
        model,
        triples_factory=FACTORY,
        embedding_dim=4,
        loss=loss_resolver.make(loss, loss_kwargs),
        random_seed=kwargs.pop("seed", 0),
        **model_kwargs,
    )
    return training_loop_resolver.make(
        loop,
        model=instance,
        triples_factory=FACTORY,
        optimizer=kwargs.pop("optimizer", "Adam"),
        optimizer_kwargs={"lr": 0.01, **(optimizer_kwargs or {})},
        automatic_memory_optimization=False,
        **kwargs,
    )


def train(path, *, num_epochs=1, stopper_kwargs=None, train=None, **kwargs):
    loop = make(**kwargs)
    stopper = None
    if stopper_kwargs is not None:
        evaluator = RankBasedEvaluator()
        factories = {"training_triples_factory": FACTORY, "evaluation_triples_factory": FACTORY}
        stopper = TimedStopper(
            model=loop.model, evaluator=evaluator, seconds=1000, evaluation_batch_size=256, **factories
        )
        for name, value in stopper_kwargs.items():
            setattr(stopper, name, value)
    arguments = {"num_epochs": num_epochs, "batch_size": 512, "use_tqdm": False, "stopper": stopper, **(train or {})}
    loop.train(FACTORY, checkpoint=path, **arguments)
    return loop


BCE = {"loop": "BudgetedSLCWA", "model": "DistMult"}
N3 = {"model_kwargs": {"regularizer": "N3", "regularizer_kwargs": {"weight": 0.1}}}


@pytest.mark.parametrize(
    ("there", "here", "name"),
    [
        ({**BCE, "loss": "SamNeg", "loss_kwargs": {"margin": 3}}, {"loss_kwargs": {"margin": 9}}, "model.loss.margin"),
        ({"loss": "NonNeg", "loss_kwargs": {"lambda_": 1}}, {"loss_kwargs": {"lambda_": 2}}, "model.loss.lambda_"),
        ({}, {"loss_kwargs": {"alpha": 0.2}}, "model.loss.alpha"),
        ({}, {"loss_kwargs": {"gamma": 10}}, "model.loss.activation.gamma"),
        ({}, {"loss_kwargs": {"activation": "halin"}}, "model.loss.activation"),
        (N3, {"model_kwargs": {"regularizer": "N3", "regularizer_kwargs": {"weight": 0.2}}}, r"model.*\.weight"),
        (
            {"lr_scheduler": "BudgetLinear", "lr_scheduler_kwargs": {"warmup": 0.1}},
            {"lr_scheduler_kwargs": {"warmup": 0.2}},
            "lr_scheduler.warmup",
        ),
        (
            {"lr_scheduler": "Exponential", "lr_scheduler_kwargs": {"gamma": 0.9}},
            {"lr_scheduler_kwargs": {"gamma": 0.8}},
            "lr_scheduler.gamma",
        ),
        ({}, {"optimizer_kwargs": {"lr": 0.02}}, "optimizer.lr"),
        ({"lr_scheduler": "BudgetCosine"}, {"optimizer_kwargs": {"lr": 0.02}}, "optimizer.lr"),
        ({}, {"optimizer_kwargs": {"weight_decay": 0.1}}, "optimizer.weight_decay"),
        ({}, {"optimizer_kwargs": {"betas": (0.8, 0.999)}}, "optimizer.betas.0"),
        (BCE, {"negative_sampler_kwargs": {"num_negs_per_pos": 3}}, "negative_sampler.1"),
        (BCE, {"negative_sampler": "bernoulli"}, "negative_sampler.0"),
        ({"stopper_kwargs": {}}, {"stopper_kwargs": {"metric": "hits@10"}}, "stopper.metric"),
        ({"stopper_kwargs": {}}, {"stopper_kwargs": {"seconds": 2000.0}}, "stopper.seconds"),
        ({"stopper_kwargs": {}}, {"stopper_kwargs": {"relative_delta": 0.5}}, "stopper.relative_delta"),
        ({"stopper_kwargs": {}}, {"stopper_kwargs": {"targets": ("tail",)}}, "stopper.targets"),
        (
            {"loop": "BudgetedLCWA", "loss": "crossentropy", "model": "DistMult"},
            {"train": {"label_smoothing": 0.1}},
            "train.label_smoothing",
        ),
        ({}, {"train": {"gradient_clipping_max_norm": 1.0}}, "train.gradient_clipping_max_norm"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_setting_is_refused(there, here, name, tmp_path):
    path = tmp_path / "c"
    first = train(path, **there)
    before = path.read_bytes()
    with pytest.raises(
        CheckpointError, match=rf"'.*' is of (a training with other settings: (.*; )?{name}.* is|another) .* there"
    ):
        train(path, num_epochs=2, **{**there, **here})
    assert path.read_bytes() == before
    assert train(path, num_epochs=2, **there, seed=9).num_steps == 2 * first.num_steps  # with the same ones it goes on


@pytest.mark.parametrize("name", [name for name in golden_runs.NAMES if name in golden_runs.CASES])
def test_settings_do_not_change_by_training(name):
    loop, arguments = golden_runs.prepare(name, epochs=1)
    before = list_settings(loop, None, {})
    loop.train(**arguments)
    assert list_settings(loop, None, {}) == before
    assert before["model"] == type(loop.model).__qualname__


def test_another_batch_size_is_said(tmp_path, caplog):
    train(tmp_path / "c")
    assert train(tmp_path / "c", num_epochs=2, train={"batch_size": 1024}).num_steps == 7 + 4
    assert "batch_size=1024 from here on; the checkpoint was written with 512." in caplog.text


def test_what_does_not_matter_may_change(tmp_path):
    train(tmp_path / "c")
    loop = train(
        tmp_path / "c",
        num_epochs=2,
        chunk_size=5,
        optimizer_kwargs={"fused": False},
        train={"checkpoint_seconds": 5, "num_workers": 0, "use_tqdm_batch": False},
    )
    assert loop.num_steps == 14


def test_a_checkpoint_without_settings_is_read_and_that_is_said(tmp_path, caplog):
    shutil.copy(golden_runs.CHECKPOINT, tmp_path / "c")
    assert "settings" not in load_checkpoint(tmp_path / "c")
    golden_runs.resume(tmp_path / "c")
    assert "c' says nothing about settings" in caplog.text


def test_what_only_one_version_knows_tells_nothing(tmp_path):
    train(tmp_path / "c")
    content = load_checkpoint(tmp_path / "c")
    content["settings"] = {**content["settings"], "model.loss.of_the_future": "1.0"}
    del content["settings"]["model.loss.alpha"]
    save_checkpoint(tmp_path / "c", content)
    assert train(tmp_path / "c", num_epochs=2).num_steps == 14


PLAIN = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=3)
VALUES = st.recursive(PLAIN, lambda v: st.lists(v, max_size=40) | st.dictionaries(st.text(max_size=3), v, max_size=3))


def normal(value):
    """Numbers are the same whatever their type is; sequences, too."""
    if isinstance(value, bool | str | None):
        return (type(value).__name__, value)
    if isinstance(value, int | float):
        return ("number", float(value))
    if isinstance(value, dict):
        return {key: normal(item) for key, item in value.items()}
    return [normal(item) for item in value]


@given(one=VALUES, other=VALUES, name=st.sampled_from(["loss", "interaction"]))
def test_two_settings_are_told_apart_wherever_they_are(one, other, name):
    model = DistMult(triples_factory=FACTORY, embedding_dim=2, random_seed=0)
    getattr(model, name).setting = one
    there = dict(describe("model", model))
    assert there == dict(describe("model", model))
    getattr(model, name).setting = other
    here = dict(describe("model", model))
    assert (there == here) == (normal(one) == normal(other))


def test_what_a_text_stands_for():
    assert dict(describe("x", {"a": [1, True, "1"], "b": torch.nn.functional.relu})) == {
        "x": "2 entries",
        "x.a": "3 items",
        "x.a.0": "1.0",
        "x.a.1": "True",
        "x.a.2": "'1'",
        "x.b": "relu",
    }
    assert dict(describe("x", functools.partial(torch.nn.functional.elu, 1, alpha=2))) == {
        "x": "elu",
        "x.arguments": "2 items",
        "x.arguments.0": "1.0",
        "x.arguments.1": "1 entries",
        "x.arguments.1.alpha": "2.0",
    }
    long = dict(describe("x", list(range(100))))
    assert long["x"].startswith("100 items with SHA-256 ")
    assert long != dict(describe("x", list(range(1, 101))))
