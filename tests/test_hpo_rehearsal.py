"""What would go wrong in every trial is said before a study is made."""

import random

import numpy as np
import optuna
import pytest
import torch
from pykeen.training import TrainingCallback

from pykeen_conj_hale.hpo import make_storage, shared_hpo_pipeline
from pykeen_conj_hale.hpo.rehearsal import rehearse

ARGUMENTS = {
    "dataset": "nations",
    "dataset_kwargs": {"create_inverse_triples": True},
    "model": "ConjComplEx",
    "model_kwargs": {"embedding_dim": 4},
    "loss": "HaLE",
    "optimizer": "Adam",
    "training_loop": "QuerySampling",
    "training_loop_kwargs": {"time_budget": 0.1},
    "training_kwargs": {"use_tqdm": False, "batch_size": 512},
    "evaluation_kwargs": {"batch_size": 64, "use_tqdm": False},
}


class Listener(TrainingCallback):
    """Counts its trainings."""

    made = 0

    def __init__(self):
        super().__init__()
        type(self).made += 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"loss": "NonNeg", "model_kwargs": {"embedding_dim": 4, "relation_scale": True}},
            "relation_scale=True: the scales",
        ),
        ({"training_loop_kwargs": {"time_budget": 0.1, "start_from": "nowhere"}}, "start_from='nowhere'|nowhere"),
        ({"loss_kwargs": {"gama": 5.0}}, r"loss_kwargs has 'gama', which HaLELoss does not take; choose .*'gamma'"),
        ({"loss_kwargs": {"gamma": "five"}}, r"gamma='five' is not allowed"),
        ({"loss_kwargs_ranges": {"gama": {"type": float, "low": 1, "high": 2}}}, r"loss_kwargs_ranges has 'gama'"),
        ({"loss_kwargs_ranges": {"gamma": {"low": 1, "high": 2}}}, r"KeyError: 'type'"),
        ({"loss_kwargs_ranges": {"gamma": {"type": float, "low": 3, "high": 2}}}, r"low.*high"),
        ({"model_kwargs": {"embeding_dim": 4}}, r"unexpected keyword argument 'embeding_dim'"),
        ({"model_kwargs": {"loss": "HaLE"}}, r"model_kwargs should not have: \['loss'\]"),
        ({"model_kwargs_ranges": {"embeding_dim": {"type": int, "low": 1, "high": 2}}}, r"argument 'embeding_dim'"),
        ({"optimizer_kwargs": {"lr": -1.0}}, r"Invalid learning rate: -1.0"),
        ({"optimizer_kwargs": {"learning_rate": 0.1}}, r"optimizer_kwargs has 'learning_rate', which Adam does not"),
        ({"regularizer": "N3", "regularizer_kwargs": {"wait": 1}}, r"'wait'"),
        ({"lr_scheduler": "BudgetCosine", "lr_scheduler_kwargs": {"warm": 1}}, r"lr_scheduler_kwargs has 'warm'"),
        ({"training_kwargs": {"bach_size": 3}}, r"unexpected keyword argument 'bach_size'"),
        ({"training_kwargs": {"batch_size": "many"}}, r"batch_size"),
        ({"evaluation_kwargs": {"bach_size": 3}}, r"evaluation_kwargs has 'bach_size', which .*evaluate does not"),
        ({"evaluator_kwargs": {"filterd": True}}, r"evaluator_kwargs has 'filterd'|'filterd'"),
        ({"stopper": "timed", "stopper_kwargs": {"seconds": -1}}, r"seconds=-1 is not allowed"),
        ({"stopper": "timed", "stopper_kwargs": {"second": 1}}, r"stopper_kwargs has 'second'"),
        ({"pruner": "percentile", "pruner_kwargs": {"percentile": 200}}, r"between 0 and 100"),
        (
            {"sampler": "grid", "sampler_kwargs": {"search_space": {"optimizer.rate": [0.1]}}},
            r"The parameter name, \S+, is not found in the given grid",
        ),
        ({"metric": "hits@tenn"}, r"metric='hits@tenn' is not computed"),
        ({"dataset": "natoins"}, r"natoins"),
        ({"device": "cpuu"}, "device='cpuu' is unknown to PyTorch"),
    ],
)
def test_said_before_the_study_is_made(changes, message, tmp_path):
    storage = tmp_path / "study.journal"
    with pytest.raises(ValueError, match=message):
        shared_hpo_pipeline(**{**ARGUMENTS, **changes}, n_trials=1, storage=storage, study_name="s")
    # so that the corrected one can have its name
    assert make_storage(storage).get_all_studies() == []


def test_all_is_well():
    listeners, states = Listener.made, (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state())
    callbacks = [lambda *_: 1 / 0]
    arguments = {
        **ARGUMENTS,
        "stopper": "timed",
        "stopper_kwargs": {"seconds": 1, "result_callbacks": callbacks},
        "training_kwargs": {"callbacks": [Listener], "callbacks_kwargs": [None]},
        "result_tracker": "no such tracker: none is made",
    }
    assert rehearse(arguments) is None
    assert Listener.made == listeners
    assert len(callbacks) == 1
    assert random.getstate() == states[0]
    assert np.random.get_state()[1].tolist() == states[1]
    assert torch.equal(torch.get_rng_state(), states[2])


def test_failures_of_a_trial_are_no_errors(monkeypatch, caplog):
    """Of the smallest hyper-parameters: others may do."""

    def fail(*args, **kwargs):
        raise RuntimeError("no memory")

    monkeypatch.setattr("pykeen.hpo.hpo.pipeline", fail)
    rehearse(ARGUMENTS)
    assert "The trial with the smallest hyper-parameters fails: RuntimeError: no memory" in caplog.text


def test_the_smallest_of_each(monkeypatch):
    drawn = {}
    monkeypatch.setattr("pykeen.hpo.hpo.pipeline", lambda **kwargs: drawn.update(kwargs) or 1 / 0)
    ranges = {
        "embedding_dim": {"type": int, "low": 3, "high": 9},
        "tail_bias": {"type": "categorical", "choices": [True, False]},
    }
    with pytest.raises(ValueError, match="ZeroDivisionError"):
        rehearse({**ARGUMENTS, "model_kwargs": {}, "model_kwargs_ranges": ranges})
    assert {name: drawn["model_kwargs"][name] for name in ranges} == {"embedding_dim": 3, "tail_bias": True}


def test_the_study_follows_its_metric():
    changes = {"metric": "arithmetic_mean_rank", "stopper": "timed", "stopper_kwargs": {"seconds": 0.04}}
    result = shared_hpo_pipeline(**{**ARGUMENTS, **changes}, n_trials=2)
    assert result.study.direction == optuna.study.StudyDirection.MINIMIZE
    assert result.study.best_value == min(trial.value for trial in result.study.trials)
    # the stopper reports what the pruner then compares: ranks, of 1 or more
    reported = [value for trial in result.study.trials for value in trial.intermediate_values.values()]
    assert reported
    assert min(reported) >= 1
