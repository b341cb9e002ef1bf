"""Three processes search hyper-parameters together: every trial gets the same seconds, and a lost one is begun anew.

    python examples/hpo_workers.py                                       three processes here, SQLite
    python examples/hpo_workers.py --storage study.journal               the same with a journal file
    python examples/hpo_workers.py --storage postgresql+psycopg://user@host/db --workers 1
                                                                         on each of many machines

Kill one of them, and the others take over its trial. Start the program again, and it goes on where it was.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from tabulate import tabulate

from pykeen_conj_hale.hpo import shared_hpo_pipeline


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Search hyper-parameters of ConjComplEx on PyKEEN's Kinships.")
    add = parser.add_argument
    add(
        "--storage",
        default="sqlite:///hpo_workers.db",
        help="where the study is, without a password: ~/.pgpass (default: %(default)s)",
    )
    add("--study", default="kinships", help="its name (default: %(default)s)")
    add("--workers", type=int, default=3, help="processes on this machine (default: %(default)s)")
    add("--trials", type=int, default=12, help="trials of all workers (default: %(default)s)")
    add("--seconds", default="00:00:20", help="time budget of each trial (default: %(default)s)")
    add("--heartbeat", type=int, default=30, help="seconds between signs of life (default: %(default)s)")
    add("--out", type=Path, default=Path("results/hpo"), help="folder for the result (default: %(default)s)")
    return parser.parse_args()


def work(arguments: argparse.Namespace) -> None:
    """Take trials until none is left, then write the result.

    :param arguments: the command line's
    """
    result = shared_hpo_pipeline(
        n_trials=arguments.trials,
        storage=arguments.storage,
        study_name=arguments.study,
        heartbeat_seconds=arguments.heartbeat,
        dataset="kinships",
        dataset_kwargs={"create_inverse_triples": True},
        model="ConjComplEx",
        model_kwargs_ranges={"embedding_dim": {"type": int, "low": 8, "high": 32, "step": 8}},
        loss="HaLE",
        optimizer="Adam",
        lr_scheduler="BudgetCosine",
        training_loop="QuerySampling",
        training_loop_kwargs={"time_budget": arguments.seconds},
        training_kwargs={"use_tqdm": False},
        training_kwargs_ranges={"batch_size": {"type": "categorical", "choices": [256, 512, 1024]}},
        # the best model of a trial, and pruning by what trials reach in the same time
        stopper="timed",
        stopper_kwargs={"seconds": 5},
        pruner="median",
        evaluation_kwargs={"batch_size": 256, "use_tqdm": False},
    )
    # every worker has the whole study: whoever is last leaves the result
    result.save_to_directory(arguments.out / str(os.getpid()))
    study = result.study
    rows = [[trial.number, trial.state.name, trial.value] for trial in study.trials]
    print(tabulate(rows, headers=["trial", "state", "MRR"]))
    print(f"best: {study.best_value:.3f} by {study.best_params}")


def main() -> None:
    """Run the workers, or be one."""
    arguments = parse_arguments()
    if arguments.workers == 1:
        work(arguments)
        return
    command = [sys.executable, *sys.argv, "--workers", "1"]
    # cores are shared: else each process would take all of them
    threads = str(max(1, (os.cpu_count() or 1) // arguments.workers))
    environment = {"OMP_NUM_THREADS": threads, **os.environ}
    workers = [subprocess.Popen(command, env=environment) for _ in range(arguments.workers)]
    failed = sum(worker.wait() != 0 for worker in workers)
    if failed:
        raise SystemExit(f"{failed} of {arguments.workers} workers ended with an error or were killed")


if __name__ == "__main__":
    main()
