"""Kill -9 at random moments: count resumes that fail, checkpoints that are torn, and budgets that are exceeded.

Each trial is a training with checkpoints every second (``--interval``), in a process of its own that is killed at a
random moment of its budget, once or several times (``--kills``), and then runs to the end.

    python examples/research/kill_and_resume.py                          50 kills, about 15 minutes
    python examples/research/kill_and_resume.py --runs 6 --budget 4      a minute and a half
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import recording
from pykeen.datasets import get_dataset

from pykeen_conj_hale.losses import HaLELoss
from pykeen_conj_hale.models import ConjComplEx
from pykeen_conj_hale.training import QuerySamplingTrainingLoop
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint


def train(arguments: argparse.Namespace) -> None:
    """Train until the budget is spent, and print what came out."""
    training = get_dataset(dataset=arguments.dataset, dataset_kwargs={"create_inverse_triples": True}).training
    model = ConjComplEx(triples_factory=training, embedding_dim=arguments.dim, loss=HaLELoss(), random_seed=0)
    loop = QuerySamplingTrainingLoop(
        model=model, triples_factory=training, optimizer="Adam", time_budget=arguments.budget
    )
    late = recording.count_late_steps(loop)
    loop.train(
        training,
        batch_size=1024,
        use_tqdm=False,
        checkpoint=arguments.train,
        checkpoint_seconds=arguments.interval,
    )
    overrun = loop.seconds["training"] - arguments.budget
    outcome = {"steps": loop.num_steps, "overrun_s": round(overrun, 6), "late_steps": sum(late)}
    sys.stdout.write(json.dumps(outcome) + "\n")


def run(arguments: argparse.Namespace, folder: Path, seed: int) -> dict[str, Any]:
    """Train with kills in between; report whether all went well."""
    generator = random.Random(seed)
    path = folder / f"{seed}.pt"
    command = [sys.executable, *sys.argv, "--train", str(path)]
    outcome: dict[str, Any] = {"seed": seed, "killed_after_s": [], "torn": 0}
    for _ in range(arguments.kills):
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        # from the first checkpoint on, which is there before the first step
        while not path.exists() and process.poll() is None:
            time.sleep(0.01)
        wait = generator.uniform(0, arguments.budget)
        time.sleep(wait)
        if process.poll() is None:
            os.kill(process.pid, signal.SIGKILL)
            outcome["killed_after_s"].append(round(wait, 3))
        process.wait()
        try:
            load_checkpoint(path)
        except ValueError:
            outcome["torn"] += 1
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    outcome["resumed"] = done.returncode == 0
    outcome.update(json.loads(done.stdout.splitlines()[-1]) if outcome["resumed"] else {"error": done.stderr[-500:]})
    path.unlink(missing_ok=True)
    return outcome


def main() -> None:
    """Run all, and sum up."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--kills", type=int, default=1, help="per run")
    parser.add_argument("--budget", type=float, default=8.0, help="seconds of training")
    parser.add_argument("--interval", type=float, default=1.0, help="seconds between checkpoints")
    parser.add_argument("--dataset", default="nations")
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--train", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.train:
        train(arguments)
        return
    with tempfile.TemporaryDirectory() as folder:
        outcomes = [run(arguments, Path(folder), seed) for seed in range(arguments.runs)]
    for outcome in outcomes:
        sys.stdout.write(json.dumps(outcome) + "\n")
    resumed = [outcome for outcome in outcomes if outcome["resumed"]]
    kills = sum(len(outcome["killed_after_s"]) for outcome in outcomes)
    torn = sum(outcome["torn"] for outcome in outcomes)
    over = sum(outcome["late_steps"] > 1 for outcome in resumed)
    largest = max((outcome["overrun_s"] for outcome in resumed), default=0.0)
    sys.stdout.write(
        f"{kills} kills, {len(resumed)} of {len(outcomes)} resumed, {torn} torn checkpoints, {over} over the budget by "
        f"more than one step; largest overrun {1e3 * largest:.2f} ms\n"
    )


if __name__ == "__main__":
    main()
