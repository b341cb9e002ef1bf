"""Workers that empty queues together, for the tests and by hand: is each trial handed out once?

python tests/queue_runs.py sqlite --workers 4 --trials 100 --runs 20 --busy 2
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import optuna
from optuna.storages import BaseStorage, get_storage

from pykeen_conj_hale.hpo import make_storage
from pykeen_conj_hale.hpo.lease import Lease, QueueEmptyError

#: How long workers wait for each other before the first trial
START_SECONDS = 300.0


def open_storage(hint: str) -> BaseStorage:
    """Open a storage as a study does."""
    return get_storage(make_storage(hint, heartbeat_seconds=300))


def work(hint: str, out: Path, runs: int) -> None:
    """Take trials of one study after the other until none is left, and write their numbers."""
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    storage = open_storage(hint)
    studies = [optuna.load_study(study_name=f"run-{run}", storage=storage) for run in range(runs)]
    out.with_suffix(".ready").touch()
    deadline = time.monotonic() + START_SECONDS
    while not (out.parent / "go").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    taken = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of heartbeats: one is enough here
        for run, study in enumerate(studies):
            with contextlib.suppress(QueueEmptyError), Lease(storage, study.study_name):
                while True:
                    trial = study.ask()
                    taken.append((run, trial.number))
                    study.tell(trial, 0.5)
    out.write_text(json.dumps(taken))


def run_workers(
    hint: str, folder: Path, *, workers: int, trials: int, runs: int, busy: int = 0
) -> tuple[list[int], collections.Counter[tuple[int, int]]]:
    """Have workers empty queues of trials.

    :param hint: the storage
    :param folder: a folder for what they write
    :param workers: the number of processes
    :param trials: the number of trials per run
    :param runs: the number of queues, one after the other
    :param busy: the number of processes that only take processor time
    :return: the exit codes, and how often each trial was handed out, by run and number
    """
    storage = open_storage(hint)
    for run in range(runs):
        study = optuna.create_study(storage=storage, study_name=f"run-{run}")
        for _ in range(trials):
            study.enqueue_trial({})
    outs = [folder / f"{worker}.json" for worker in range(workers)]
    idle = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(busy)]
    try:
        command = [sys.executable, __file__, hint, "--runs", str(runs), "--out"]
        processes = [subprocess.Popen([*command, out]) for out in outs]
        while not all(out.with_suffix(".ready").exists() or p.poll() for out, p in zip(outs, processes, strict=True)):
            time.sleep(0.05)
        (folder / "go").touch()
        codes = [process.wait() for process in processes]
    finally:
        for process in idle:
            process.kill()
    texts = [out.read_text() for out in outs if out.exists()]
    return codes, collections.Counter((run, number) for text in texts for run, number in json.loads(text))


def main() -> None:
    """Run workers, or be one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("storage", help="sqlite, journal, postgresql; of a worker its URL or path")
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--busy", type=int, default=0)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    if arguments.out is not None:
        work(arguments.storage, arguments.out, arguments.runs)
        return
    from postgres import postgres_server

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        hint = {"sqlite": f"sqlite:///{folder}/study.db", "journal": str(folder / "study.journal")}.get(
            arguments.storage
        ) or stack.enter_context(postgres_server())
        codes, counts = run_workers(
            hint,
            folder,
            workers=arguments.workers,
            trials=arguments.trials,
            runs=arguments.runs,
            busy=arguments.busy,
        )
        twice = sum(count > 1 for count in counts.values())
        expected = arguments.runs * arguments.trials
        sys.stdout.write(f"{arguments.storage}: codes {codes}, {len(counts)} of {expected} handed out, {twice} twice\n")


if __name__ == "__main__":
    main()
