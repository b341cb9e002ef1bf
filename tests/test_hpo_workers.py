"""Processes on one study: one is killed or stopped, and no trial is lost or counted twice, on every storage."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import optuna
import pytest
from optuna.trial import TrialState
from postgres import postgres_server
from queue_runs import run_workers

from pykeen_conj_hale.hpo import make_storage

pytestmark = pytest.mark.slow

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "hpo_workers.py"
TRIALS = 6


@pytest.fixture(params=["sqlite", "postgresql", "journal"])
def storage(request, tmp_path):
    with contextlib.ExitStack() as stack:
        yield {
            "sqlite": lambda: f"sqlite:///{tmp_path}/study.db",
            "journal": lambda: str(tmp_path / "study.journal"),
            "postgresql": lambda: stack.enter_context(postgres_server()),
        }[request.param]()


def start(storage, folder, *arguments, heartbeat=2):
    command = [sys.executable, str(EXAMPLE), "--storage", storage, "--trials", str(TRIALS), "--seconds", "00:00:01"]
    command += ["--heartbeat", str(heartbeat), "--out", str(folder / "out"), *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    # a file, not a pipe: nobody reads while the test waits, and a full pipe would stop the worker
    with (folder / f"log-{len(list(folder.glob('log-*')))}").open("w") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def start_three(storage, folder):
    """Start three workers: a busy machine may hold one up for 16 seconds before it is taken for dead."""
    return [start(storage, folder, "--workers", "1", "--seconds", "00:00:08", heartbeat=8) for _ in range(3)]


def read_logs(folder):
    return "\n".join(path.read_text()[-3000:] for path in sorted(folder.glob("log-*")))


def load(storage):
    return optuna.load_study(study_name="kinships", storage=make_storage(storage))


def count_running(opened):
    study = optuna.load_study(study_name="kinships", storage=opened)
    return len(study.get_trials(deepcopy=False, states=(TrialState.RUNNING,)))


def wait_for(condition, folder, seconds=400):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(KeyError, ValueError):
            if condition():
                return
        time.sleep(0.1)
    raise AssertionError(f"it did not happen in time: {read_logs(folder)}")


@contextlib.contextmanager
def writing(storage):
    """Hold the lock of an SQLite file, so that no worker does: one that is stopped while it writes stops all others."""
    if not storage.startswith("sqlite:///"):
        yield
        return
    with contextlib.closing(
        sqlite3.connect(storage.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
    ) as file:
        file.execute("BEGIN IMMEDIATE")
        yield
        file.execute("ROLLBACK")


def check(storage, folder, lost=0, living=3):
    outputs = read_logs(folder)
    study = load(storage)
    states = [trial.state for trial in study.trials]
    done = [trial for trial in study.trials if trial.state in {TrialState.COMPLETE, TrialState.PRUNED}]
    assert len(done) == TRIALS, (states, outputs)
    assert states.count(TrialState.FAIL) == lost, (states, outputs)
    assert len(states) == TRIALS + lost
    # each lost trial came back once, with the same hyper-parameters
    retried = [trial for trial in study.trials if "failed_trial" in trial.system_attrs]
    assert len(retried) == lost
    for trial in retried:
        before = study.trials[trial.system_attrs["failed_trial"]]
        assert before.state == TrialState.FAIL
        assert before.params.items() <= trial.params.items()
    # every worker that lived has the whole study
    configs = list(folder.glob("out/*/best_pipeline/pipeline_config.json"))
    assert len(configs) == living
    for config in configs:
        best = json.loads(config.read_text())
        assert best["metadata"]["best_trial_evaluation"] == study.best_value


def test_the_example(storage, tmp_path):
    process = start(storage, tmp_path, heartbeat=60)  # nobody dies, and a busy machine takes nobody for dead
    process.wait(timeout=600)
    output = read_logs(tmp_path)
    assert process.returncode == 0, output
    assert "best: " in output
    check(storage, tmp_path)


def test_one_of_three_is_killed(storage, tmp_path):
    workers = start_three(storage, tmp_path)
    opened = make_storage(storage)  # once: opening takes a while
    try:
        # in the middle of a trial: each of the three has one
        wait_for(lambda: count_running(opened) == 3, tmp_path)
        time.sleep(0.5)
        workers[1].send_signal(signal.SIGKILL)
        codes = [worker.wait(timeout=600) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert codes == [0, -signal.SIGKILL, 0], read_logs(tmp_path)
    check(storage, tmp_path, lost=1, living=2)


def test_one_of_three_is_stopped_for_a_while(storage, tmp_path):
    """Its trial is queued once more. It notices when it goes on, takes further trials, and has the result."""
    workers = start_three(storage, tmp_path)
    opened = make_storage(storage)
    try:
        wait_for(lambda: count_running(opened) == 3, tmp_path)
        time.sleep(0.5)
        with writing(storage):
            workers[1].send_signal(signal.SIGSTOP)
        study = optuna.load_study(study_name="kinships", storage=opened)
        wait_for(lambda: any("failed_trial" in t.system_attrs for t in study.get_trials(deepcopy=False)), tmp_path)
        workers[1].send_signal(signal.SIGCONT)
        codes = [worker.wait(timeout=600) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
    assert codes == [0, 0, 0], read_logs(tmp_path)
    check(storage, tmp_path, lost=1)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql", "journal"])
def test_each_trial_is_handed_out_once(kind, tmp_path):
    """By four workers that do nothing else; see ``queue_runs.py`` for more of it."""
    with contextlib.ExitStack() as stack:
        hint = {"sqlite": f"sqlite:///{tmp_path}/study.db", "journal": str(tmp_path / "study.journal")}.get(kind)
        hint = hint or stack.enter_context(postgres_server())
        codes, counts = run_workers(hint, tmp_path, workers=4, trials=60, runs=1)
    assert codes == [0] * 4
    assert counts == {(0, number): 1 for number in range(60)}
