"""A study under equal time: the number of trials, the settings of a study that exists, the result."""

import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import optuna
import pykeen.hpo
import pytest
from optuna.storages import RDBStorage, get_storage
from optuna.trial import TrialState
from pykeen.hpo import HpoPipelineResult
from pykeen.hpo.hpo import Objective
from pykeen.pipeline import pipeline_from_config

from pykeen_conj_hale.hpo import make_storage, shared_hpo_pipeline
from pykeen_conj_hale.hpo import pipeline as hpo
from pykeen_conj_hale.hpo.lease import Lease, QueueEmptyError

ARGUMENTS = {
    "dataset": "nations",
    "dataset_kwargs": {"create_inverse_triples": True},
    "model": "ConjComplEx",
    "loss": "HaLE",
    "regularizer": "N3",
    "optimizer": "Adam",
    "training_loop": "QuerySampling",
    "training_loop_kwargs": {"time_budget": "00:00:00.1"},
    "training_kwargs": {"use_tqdm": False},
    "evaluation_kwargs": {"batch_size": 64, "use_tqdm": False},
}


#: For what is about the queue: nothing takes long
SMALL = {"model_kwargs": {"embedding_dim": 4}, "training_kwargs": {"use_tqdm": False, "batch_size": 512}}


def run(**changes):
    return shared_hpo_pipeline(**{**ARGUMENTS, "n_trials": 2, "study_name": "s", **changes})


def test_a_worker_gets_the_dataset_while_no_other_does(monkeypatch, tmp_path):
    """PyKEEN takes a folder of its cache that is there for whole."""
    calls = []
    monkeypatch.setattr(hpo, "get_dataset_locked", lambda *arguments: calls.append(arguments) or exit())
    with pytest.raises(SystemExit):
        run(storage=tmp_path / "study.journal")
    assert calls == [("nations", {"create_inverse_triples": True})]


@pytest.fixture(params=["database", "journal"])
def storage(request, tmp_path):
    return f"sqlite:///{tmp_path}/study.db" if request.param == "database" else tmp_path / "study.journal"


def test_equal_seconds_complete_trials_and_a_best_one_that_runs_again(tmp_path):
    result = run(storage=None, n_trials=3, stopper="timed", stopper_kwargs={"seconds": 0.05}, pruner="nop")
    assert type(result) is HpoPipelineResult
    trials = result.study.trials
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * 3
    searched = {"model.embedding_dim", "loss.gamma", "regularizer.weight", "optimizer.lr", "training.batch_size"}
    assert searched <= set(trials[0].params)
    assert "training.num_epochs" not in trials[0].params
    assert len({tuple(trial.params.items()) for trial in trials}) == 3
    result.save_to_directory(tmp_path)
    best = json.loads((tmp_path / "best_pipeline" / "pipeline_config.json").read_text())
    assert best["pipeline"]["training_loop_kwargs"]["time_budget"] == 0.1
    assert "conj_hale_settings" in best["metadata"]
    again = pipeline_from_config(best)
    assert again.training_loop.stop_reason == "budget"
    chosen = result.study.best_trial.params
    assert again.model.entity_representations[0].shape == (chosen["model.embedding_dim"],)
    assert again.model.loss.activation.gamma == chosen["loss.gamma"]
    assert again.model.factor_regularizer.weight == chosen["regularizer.weight"]
    result.replicate_best_pipeline(directory=tmp_path / "replicates", replicates=1)
    assert (tmp_path / "replicates" / "results.tsv").exists() or list((tmp_path / "replicates").iterdir())


@pytest.mark.parametrize(
    "changes", [{}, {"model": "TransE", "loss": "marginranking", "regularizer": None, "training_loop": "sLCWA"}]
)
def test_a_study_without_a_time_budget(storage, changes):
    given = {**ARGUMENTS, **SMALL, "study_name": "s", "storage": storage, "epochs": 1, **changes}
    del given["training_loop_kwargs"]
    first = shared_hpo_pipeline(n_trials=1, **given)
    assert [trial.state for trial in first.study.trials] == [TrialState.COMPLETE]
    # to give nothing, and to give no argument, is the same
    more = shared_hpo_pipeline(n_trials=2, training_loop_kwargs={}, **given)
    assert [trial.state for trial in more.study.trials] == [TrialState.COMPLETE] * 2


def test_a_study_goes_on_where_it_was(storage):
    first = run(storage=storage, n_trials=1, **SMALL)
    assert len(first.study.trials) == 1
    more = run(storage=storage, n_trials=2, **SMALL)
    assert [trial.state for trial in more.study.trials] == [TrialState.COMPLETE] * 2
    # all is done: nothing is left to do
    again = run(storage=storage, n_trials=2, **SMALL)
    assert len(again.study.trials) == 2


def test_another_worker_took_the_last_trial(storage, monkeypatch):
    """Between the look at the queue and the taking: no further trial is made."""
    real = pykeen.hpo.hpo_pipeline

    def slow(**kwargs):
        if kwargs["n_trials"]:
            study = optuna.load_study(study_name="s", storage=kwargs["storage"])
            study.tell(study.ask(), 0.5)
        return real(**kwargs)

    monkeypatch.setattr(pykeen.hpo, "hpo_pipeline", slow)
    result = run(storage=storage, n_trials=1, **SMALL)
    assert [trial.value for trial in result.study.trials] == [0.5]


def test_other_settings_are_an_error_that_names_them(storage):
    run(storage=storage, n_trials=1)
    before = optuna.load_study(study_name="s", storage=make_storage(storage))
    with pytest.raises(ValueError, match=r"study_name='s' exists with other settings: loss_kwargs is not given there"):
        run(storage=storage, n_trials=5, loss_kwargs={"gamma": 5.0})
    with pytest.raises(ValueError, match=r"training_loop_kwargs is .*0.1.* there and .*0.2.* here"):
        run(storage=storage, training_loop_kwargs={"time_budget": 0.2})
    with pytest.raises(ValueError, match=r"study_name='s' exists: name another, or give load_if_exists=True"):
        run(storage=storage, load_if_exists=False)
    after = optuna.load_study(study_name="s", storage=make_storage(storage))
    assert after.trials == before.trials
    assert after.user_attrs == before.user_attrs


def test_a_study_of_someone_else(tmp_path):
    url = f"sqlite:///{tmp_path}/study.db"
    study = optuna.create_study(study_name="s", storage=url)
    study.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=1)
    with pytest.raises(ValueError, match=r"study_name='s' exists, but was not made by this function"):
        run(storage=url)


def test_a_study_whose_maker_fills_the_queue(monkeypatch):
    """While this worker looks at it: the first look finds no trial, a later one finds some."""
    study = optuna.create_study(study_name="s")
    get_trials = optuna.Study.get_trials

    def get_then_queue(self, *args, **kwargs):
        trials = get_trials(self, *args, **kwargs)
        if not trials:
            study.enqueue_trial({})
            study.tell(study.ask(), 0.5)  # another worker is fast
        return trials

    monkeypatch.setattr(optuna.Study, "get_trials", get_then_queue)
    study.set_user_attr(hpo._SETTINGS, '{"x": "1"}')
    slept = []
    monkeypatch.setattr(hpo.time, "sleep", lambda x: slept.append(x) or study.set_user_attr(hpo._QUEUED, 1))
    assert hpo._compare(study, {"x": "1"}) is None
    assert len(slept) == 1


def open_study(storage, n_trials):
    return hpo._open(get_storage(make_storage(storage)), "s", True, n_trials, {"direction": '"maximize"'})


def count_handed_out(storage):
    study = optuna.load_study(study_name="s", storage=make_storage(storage))
    number = 0
    with contextlib.suppress(QueueEmptyError), Lease(study._storage, "s"):
        while True:
            study.ask()
            number += 1
    return number


def test_workers_that_add_trials_together(storage, monkeypatch):
    """All of them have seen which one is missing before the first one queues it."""
    open_study(storage, 2)
    barrier, enqueue = threading.Barrier(3), optuna.Study.add_trial

    def enqueue_together(self, *args, **kwargs):
        barrier.wait(timeout=60)
        enqueue(self, *args, **kwargs)

    monkeypatch.setattr(optuna.Study, "add_trial", enqueue_together)
    with ThreadPoolExecutor(3) as threads:
        studies = list(threads.map(lambda _: open_study(storage, 3), range(3)))
    assert count_handed_out(storage) == 3
    states = [trial.state for trial in studies[0].trials]
    assert (states.count(TrialState.RUNNING), states.count(TrialState.FAIL)) == (3, 2)


@pytest.mark.parametrize("before", [0, 2])
def test_a_worker_that_dies_while_it_fills_the_queue(storage, monkeypatch, before):
    """Also the one that makes the study: another one queues what is missing."""
    if before:
        open_study(storage, before)
    enqueue = optuna.Study.add_trial

    def enqueue_and_die(self, *args, **kwargs):
        enqueue(self, *args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(optuna.Study, "add_trial", enqueue_and_die)
        with pytest.raises(KeyboardInterrupt):
            open_study(storage, 5)
    monkeypatch.setattr(hpo, "_QUEUE_SECONDS", 0.1)
    for _ in range(2):
        open_study(storage, 5)
    assert count_handed_out(storage) == 5


def test_a_seed_gives_different_trials():
    result = run(n_trials=3, sampler="random", sampler_kwargs={"seed": 1}, **SMALL)
    assert len({trial.params["optimizer.lr"] for trial in result.study.trials}) == 3


def test_a_grid_gives_each_of_its_points_to_one_trial():
    small = {**SMALL, "loss": "AllNeg", "loss_kwargs": {"candidates": "all"}, "regularizer": "no"}
    grid = {"optimizer.lr": [0.01, 0.02, 0.03]}
    result = run(n_trials=3, sampler="grid", sampler_kwargs={"search_space": grid}, **small)
    assert sorted(trial.params["optimizer.lr"] for trial in result.study.trials) == grid["optimizer.lr"]


def test_failed_trials_are_not_repeated():
    """An error of the trial itself, such as no memory; another worker would have it, too."""
    result = run(n_trials=2, optimizer_kwargs={"lr": 1e30})
    assert [trial.state for trial in result.study.trials] == [TrialState.FAIL] * 2


def test_only_trials_are_left_whose_workers_nobody_can_tell_of(tmp_path, monkeypatch, caplog):
    """Another worker took the last trial, and may be dead. It is said once."""
    storage = RDBStorage(f"sqlite:///{tmp_path}/study.db")
    run(storage=storage, n_trials=1, timeout=0, **SMALL)
    study = optuna.load_study(study_name="s", storage=storage)
    other, slept = study.ask(), []
    monkeypatch.setattr(hpo.time, "sleep", lambda x: slept.append(x) or len(slept) < 3 or study.tell(other, 0.5))
    caplog.clear()
    run(storage=storage, n_trials=1, **SMALL)
    assert len(slept) == 3
    lines = [record.getMessage() for record in caplog.records if "nobody can tell" in record.getMessage()]
    assert len(lines) == 1
    assert "are left: [0]" in lines[0]


def test_ctrl_c_gives_the_trial_back(storage, monkeypatch):
    """A worker that is started again trains it, with the same hyper-parameters."""
    evaluate = Objective.__call__

    def evaluate_and_press_ctrl_c(self, trial):
        evaluate(self, trial)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # the rehearsal ends before
        patch.setattr(Objective, "__call__", evaluate_and_press_ctrl_c)
        with pytest.raises(KeyboardInterrupt):
            run(storage=storage, n_trials=1, **SMALL)
    result = run(storage=storage, n_trials=1, **SMALL)
    ended, again = result.study.trials
    assert (ended.state, again.state) == (TrialState.FAIL, TrialState.COMPLETE)
    assert again.system_attrs["failed_trial"] == 0
    assert ended.params
    assert again.params == ended.params


def test_no_further_trial_after_the_timeout():
    result = run(n_trials=3, timeout=0)
    assert [trial.state for trial in result.study.trials] == [TrialState.WAITING] * 3


@pytest.mark.parametrize("n_trials", [0, -1, 2.5, True])
def test_bad_number_of_trials(n_trials):
    with pytest.raises(ValueError, match=rf"n_trials={n_trials} is not allowed: it must be a whole number"):
        run(n_trials=n_trials)
