"""What a user does: everything by name, with nothing of ours imported."""

import json
import subprocess
import sys

import pytest
import torch
from pykeen.datasets import Nations, get_dataset
from pykeen.hpo import hpo_pipeline
from pykeen.pipeline import pipeline, pipeline_from_config
from pykeen.predict import predict_target, predict_triples
from pykeen.trackers.base import PythonResultTracker

NAMES = {"model": "ConjComplEx", "loss": "HaLE", "training_loop": "QuerySampling"}
#: The MRR adjusted for chance: 0 is a random ranking, 1 a perfect one
ADJUSTED = "adjusted_inverse_harmonic_mean_rank"


def run(**changes):
    arguments = {
        **NAMES,
        "dataset": "nations",
        "dataset_kwargs": {"create_inverse_triples": True},
        "model_kwargs": {"embedding_dim": 8},
        "optimizer_kwargs": {"lr": 0.01},
        "training_kwargs": {"num_epochs": 5, "batch_size": 512, "use_tqdm": False},
        "evaluation_kwargs": {"batch_size": 64, "use_tqdm": False},
        "random_seed": 0,
    }
    return pipeline(**{**arguments, **changes})


def test_the_readmes_example():
    """By epochs: how good the README's budget is depends on the machine (test_docs.py runs the example itself)."""
    code = """
from pykeen.pipeline import pipeline

result = pipeline(dataset="kinships", dataset_kwargs=dict(create_inverse_triples=True),
                  model="ConjComplEx", model_kwargs=dict(embedding_dim=32), loss="HaLE",
                  training_loop="QuerySampling", training_kwargs=dict(num_epochs=10), random_seed=0)
print(result.get_metric("adjusted_inverse_harmonic_mean_rank"), result.model.interaction)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    adjusted, interaction = done.stdout.split(maxsplit=1)
    assert float(adjusted) > 0.3  # four seeds: .44 to .51; untrained: -.001 to .001
    assert interaction.startswith("ConjComplExInteraction(similarity=Dot()")
    assert "could not load" not in done.stderr


def test_time_budget_in_the_pipeline():
    tracker = PythonResultTracker()
    result = run(
        training_loop_kwargs={"time_budget": 1.0},
        training_kwargs={"num_epochs": 1, "batch_size": 512, "use_tqdm": False},
        result_tracker=tracker,
    )
    assert result.train_seconds >= 1.0  # one epoch takes a fraction of it: num_epochs does not cap a budget
    assert len(result.losses) > 1
    reported = [metrics["training.steps"] for metrics in tracker.metrics.values() if "training.steps" in metrics]
    assert reported == [result.training_loop.num_steps]


def test_by_objects():
    from pykeen_conj_hale.losses import HaLELoss
    from pykeen_conj_hale.models import ConjComplEx
    from pykeen_conj_hale.training import QuerySamplingTrainingLoop

    dataset = Nations(create_inverse_triples=True)
    result = run(
        dataset=dataset,
        dataset_kwargs=None,
        model=ConjComplEx(triples_factory=dataset.training, embedding_dim=8, loss=HaLELoss(), random_seed=0),
        model_kwargs=None,
        loss=None,
        training_loop=QuerySamplingTrainingLoop,
        training_kwargs={"num_epochs": 50, "batch_size": 512, "use_tqdm": False},
    )
    assert isinstance(result.model, ConjComplEx)
    assert len(result.losses) == 50
    assert result.get_metric(ADJUSTED) > 0.15  # six seeds: .22 to .36; untrained: -.03 to .01


@pytest.mark.parametrize("loop", ["LCWA", "sLCWA", "SymmetricLCWA", "QuerySampling"])
@pytest.mark.parametrize("inverse", [False, True])
def test_hale_under_every_loop(loop, inverse):
    if loop == "SymmetricLCWA" and inverse:
        pytest.skip("PyKEEN's symmetric LCWA is for datasets without inverse triples")
    result = run(
        training_loop=loop,
        dataset_kwargs={"create_inverse_triples": inverse},
        training_kwargs={"num_epochs": 10, "batch_size": 128, "use_tqdm": False},
    )
    assert result.losses[-1] < result.losses[0]


def test_saved_results_load_and_predict(tmp_path):
    result = run()
    result.save_to_directory(tmp_path)
    assert json.loads((tmp_path / "results.json").read_text())["losses"] == result.losses
    model = torch.load(tmp_path / "trained_model.pkl", weights_only=False)
    triples = Nations().testing.mapped_triples
    assert torch.equal(model.predict_hrt(triples), result.model.predict_hrt(triples))
    assert len(predict_triples(model=model, triples=Nations().testing).process(result.training).df) == len(triples)
    predicted = predict_target(model=model, head="uk", relation="accusation", triples_factory=result.training).df
    assert len(predicted) == 14


def test_a_run_can_be_repeated_from_its_configuration():
    configuration = {
        "metadata": {},
        "pipeline": {
            **NAMES,
            "dataset": "nations",
            "dataset_kwargs": {"create_inverse_triples": True},
            "model_kwargs": {"embedding_dim": 8},
            "loss_kwargs": {"activation": "halin", "gamma": 5},
            "training_kwargs": {"num_epochs": 2, "use_tqdm": False},
            "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
            "random_seed": 7,
        },
    }
    first, second = (pipeline_from_config(configuration) for _ in range(2))
    assert first.losses == second.losses


def test_early_stopping():
    result = run(
        stopper="early",
        stopper_kwargs={"frequency": 1, "patience": 1, "relative_delta": 0.9},
        training_kwargs={"num_epochs": 50, "batch_size": 512, "use_tqdm": False},
    )
    assert len(result.losses) < 50


def test_hpo(tmp_path):
    result = hpo_pipeline(
        **NAMES,
        dataset="nations",
        dataset_kwargs={"create_inverse_triples": True},
        n_trials=3,
        training_loop_kwargs={"time_budget": 0.2},
        training_kwargs={"use_tqdm": False},
        evaluation_kwargs={"batch_size": 64, "use_tqdm": False},
    )
    trials = result.study.trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 3
    assert {"model.embedding_dim", "loss.alpha", "loss.gamma", "training.batch_size"} <= set(trials[0].params)
    assert "training.num_epochs" not in trials[0].params
    result.save_to_directory(tmp_path)
    best = json.loads((tmp_path / "best_pipeline" / "pipeline_config.json").read_text())
    again = pipeline_from_config(best)
    assert again.training_loop.stop_reason == "budget"
    chosen = result.study.best_trial.params
    entities, activation = again.model.entity_representations[0], again.model.loss.activation
    assert entities.shape == (chosen["model.embedding_dim"],)
    assert (again.model.loss.alpha, activation.gamma) == (chosen["loss.alpha"], chosen["loss.gamma"])


def test_command_line(tmp_path):
    command = (
        "train conjcomplex --dataset nations --embedding-dim 8 --loss hale --training-loop querysampling "
        "--create-inverse-triples --similarity distance --relation-scale True --number-epochs 2 --silent "
        f"--output-directory {tmp_path}"
    )
    code = "import sys; from pykeen.cli import main; sys.argv[0] = 'pykeen'; main()"
    subprocess.run([sys.executable, "-c", code, *command.split()], check=True, capture_output=True)
    results = json.loads((tmp_path / "results.json").read_text())
    assert len(results["losses"]) == 2


def test_bad_input_is_an_error_before_training():
    for changes, message in (
        ({"model_kwargs": {"embedding_dim": 7}}, "embedding_dim=7"),
        ({"model_kwargs": {"embedding_dim": 8, "similarity": "cosine"}}, "similarity='cosine'"),
        ({"loss_kwargs": {"alpha": 2.0}}, "alpha=2.0"),
        ({"training_loop_kwargs": {"time_budget": -1}}, "time_budget=-1"),
    ):
        with pytest.raises(ValueError, match=message):
            run(**changes)


def test_dataset_of_the_literature_by_name(tmp_path):
    (tmp_path / "train.txt").write_text("a\tr\tb\nb\tr\tc\n")
    (tmp_path / "valid.txt").write_text("a\tr\tc\n")
    (tmp_path / "test.txt").write_text("unseen\tr\tc\n")
    dataset = get_dataset(dataset="wn18rr-all", dataset_kwargs={"path": str(tmp_path), "force": True})
    assert dataset.num_entities == 4
    assert dataset.testing.num_triples == 1
