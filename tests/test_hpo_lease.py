"""What a worker holds: a trial of the queue, until it tells the result or others queue it once more."""

import threading

import optuna
import pytest
from optuna.storages import InMemoryStorage
from optuna.trial import TrialState

from pykeen_conj_hale.hpo import make_storage
from pykeen_conj_hale.hpo import pipeline as hpo
from pykeen_conj_hale.hpo.heartbeat import make_retry
from pykeen_conj_hale.hpo.lease import Lease, QueueEmptyError, fill_queue


@pytest.fixture
def study():
    study = optuna.create_study(storage=InMemoryStorage(), study_name="s")
    study.enqueue_trial({})
    return study


def test_only_what_is_in_the_queue(study):
    with Lease(study._storage, "s"):
        assert study.ask().number == 0
        with pytest.raises(QueueEmptyError):
            study.ask()
        study.enqueue_trial({})
        assert study.ask().number == 1
    assert study.ask().number == 2  # the storage is as before


def test_a_trial_that_is_queued_once_more_has_the_place_of_the_lost_one():
    study = optuna.create_study(storage=InMemoryStorage(), study_name="s")
    fill_queue(study, 0, 2)
    with Lease(study._storage, "s"):
        study.tell(study.ask(), state=TrialState.FAIL)
        make_retry()(study, study.trials[0])
        fill_queue(study, 0, 2)
        assert [study.ask().number for _ in range(2)] == [1, 2]
        with pytest.raises(QueueEmptyError):
            study.ask()


@pytest.mark.parametrize("state", [TrialState.COMPLETE, TrialState.FAIL, TrialState.PRUNED])
def test_what_a_worker_told_is_not_lost(study, state):
    with Lease(study._storage, "s") as lease:
        trial = study.ask()
        assert lease.pop_lost() is None  # it runs
        study.tell(trial, 0.5 if state == TrialState.COMPLETE else None, state=state)
        assert lease.pop_lost() is None


def test_what_others_failed_is_lost_once(study):
    with Lease(study._storage, "s") as lease:
        trial = study.ask()
        other = threading.Thread(target=study.tell, args=(trial,), kwargs={"state": TrialState.FAIL})
        # of another worker: not through this one's storage
        lease._storage.set_trial_state_values, watched = lease._set_state, lease._storage.set_trial_state_values
        other.start()
        other.join()
        lease._storage.set_trial_state_values = watched
        assert lease.pop_lost().number == trial.number
        assert lease.pop_lost() is None


def lose(storage_hint, monkeypatch, objective_of):
    """Run a worker's one step on a trial which another worker fails meanwhile."""
    storage, other = make_storage(storage_hint), make_storage(storage_hint)
    study = optuna.create_study(storage=storage, study_name="s")
    study.enqueue_trial({})
    (trial,) = study.trials

    def run(**kwargs):
        inner = optuna.load_study(study_name="s", storage=kwargs["storage"])
        inner.optimize(objective_of(lambda: other.set_trial_state_values(trial._trial_id, TrialState.FAIL)), n_trials=1)

    monkeypatch.setattr(hpo.pykeen.hpo, "hpo_pipeline", run)
    backend = study._storage
    with Lease(backend, "s") as lease:
        hpo._run_trial({"storage": backend}, lease)
    return study


@pytest.mark.parametrize("kind", ["database", "journal"])
@pytest.mark.parametrize("notices", ["at the end", "when it reports", "by its attributes"])
def test_a_lost_trial_is_dropped(kind, notices, tmp_path, monkeypatch, caplog):
    hint = f"sqlite:///{tmp_path}/study.db" if kind == "database" else tmp_path / "study.journal"

    def objective_of(fail):
        def objective(trial):
            fail()
            if notices == "when it reports":
                trial.report(0.5, 1)
            if notices == "by its attributes":
                trial.set_user_attr("x", 1)
            return 0.5

        return objective

    study = lose(hint, monkeypatch, objective_of)
    assert [trial.state for trial in study.trials] == [TrialState.FAIL]
    assert study.trials[0].value is None
    assert "Trial 0 was queued once more, as this process gave no signs of life" in caplog.text


@pytest.mark.parametrize("kind", ["database", "journal"])
def test_an_error_of_the_trial_itself_is_not_taken_for_a_lost_one(kind, tmp_path, monkeypatch):
    hint = f"sqlite:///{tmp_path}/study.db" if kind == "database" else tmp_path / "study.journal"

    def objective_of(fail):
        def objective(trial):
            raise ValueError("something else")

        return objective

    with pytest.raises(ValueError, match="something else"):
        lose(hint, monkeypatch, objective_of)


def press_ctrl_c(lease, before):
    with lease.giving_back():
        before()
        raise KeyboardInterrupt


def end_by_ctrl_c(study, lease, after_taking):
    """End a worker by Ctrl-C after something has become of the trial that it has taken."""
    with pytest.raises(KeyboardInterrupt):
        press_ctrl_c(lease, lambda: after_taking(study.ask()))
    return [trial.state for trial in study.trials]


@pytest.mark.parametrize("told", [False, True])
def test_what_ctrl_c_ends_is_queued_once_more(study, told):
    """Whether Optuna has marked it, or Ctrl-C came before."""
    with Lease(study._storage, "s") as lease:
        states = end_by_ctrl_c(study, lease, lambda trial: told and study.tell(trial, state=TrialState.FAIL))
        assert states == [TrialState.FAIL, TrialState.WAITING]
        assert study.trials[1].system_attrs["failed_trial"] == 0


def test_what_is_done_before_ctrl_c_is_not_queued_once_more(study):
    with Lease(study._storage, "s") as lease:
        assert end_by_ctrl_c(study, lease, lambda trial: study.tell(trial, 0.5)) == [TrialState.COMPLETE]


def test_what_others_have_failed_before_ctrl_c_is_theirs(study):
    with Lease(study._storage, "s") as lease:
        states = end_by_ctrl_c(study, lease, lambda trial: lease._set_state(trial._trial_id, state=TrialState.FAIL))
        assert states == [TrialState.FAIL]


def test_a_trial_that_failed_before_the_one_of_ctrl_c_stays_so(study):
    with Lease(study._storage, "s") as lease:
        with lease.giving_back():
            study.tell(study.ask(), state=TrialState.FAIL)
        with pytest.raises(KeyboardInterrupt):
            press_ctrl_c(lease, lambda: None)
        assert [trial.state for trial in study.trials] == [TrialState.FAIL]
