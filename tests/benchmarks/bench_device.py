"""Steps of whole trainings on a device: how long each takes, how much of it the device works, and in how many kernels.

On a GPU a step whose kernels take a fraction of it is limited by the process that launches them.
"""

from __future__ import annotations

import argparse
import time
import warnings
from contextlib import suppress

import measuring
import torch
from pykeen.pipeline import pipeline
from pykeen.training.callbacks import TrainingCallback
from torch.profiler import ProfilerActivity, profile

HALE = dict(activation="hanon", alpha=1.0, lambda_=1.0, gamma=5.0, square=True, candidates=0.02)
HYPER = dict(loss="bcewithlogits", training_loop="BudgetedLCWA")
CROSS_ENTROPY = dict(loss="AllNeg", loss_kwargs=dict(activation="none", candidates="all"))
#: Name: arguments of the pipeline, and the batch size
WAYS = {
    "RotL, HaLE, 2 % of the entities": (dict(model="RotL", loss_kwargs=HALE), 1_024),
    "RotL, HaLE, all entities": (dict(model="RotL", loss_kwargs=dict(activation="hanon")), 1_024),
    "RotH, HaLE, 2 % of the entities": (dict(model="RotH", loss_kwargs=HALE), 1_024),
    "ConjComplEx, cross entropy, N3": (
        dict(model="ConjComplEx", regularizer="N3", optimizer="Adagrad", **CROSS_ENTROPY),
        500,
    ),
    "HypER, LCWA": (dict(model="HypER", **HYPER), 128),
}
#: The first steps are warm-up; after the measured ones some are profiled
FIRST, LAST, PROFILED = 30, 130, 10


class Steps(TrainingCallback):
    """Measures steps, and profiles further ones."""

    def __init__(self, device: torch.device) -> None:
        super().__init__()
        self.device, self.step = device, 0
        activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if device.type == "cuda" else [])]
        self.profile = profile(activities=activities)
        self.seconds = self.device_seconds = self.launches = float("nan")

    def pre_batch(self, **kwargs: object) -> None:
        """Look at the clock, and end."""
        self.step += 1
        if self.step in (FIRST, LAST, LAST + PROFILED) and self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        if self.step == FIRST:
            self.begin = time.perf_counter()
        elif self.step == LAST:
            self.seconds = (time.perf_counter() - self.begin) / (LAST - FIRST)
            self.profile.__enter__()
        elif self.step == LAST + PROFILED:
            self.profile.__exit__(None, None, None)
            events = self.profile.events() or []
            kernels = [event for event in events if event.device_type.name == "CUDA"]
            self.device_seconds = sum(event.self_device_time_total for event in kernels) / 1e6 / PROFILED
            self.launches = len(kernels) / PROFILED
            raise KeyboardInterrupt


def run(name: str, dataset: str, dim: int, device: torch.device) -> Steps:
    """Train until enough is measured."""
    arguments, batch_size = WAYS[name]
    arguments = dict(loss="HaLE", training_loop="QuerySampling", optimizer="Adam") | arguments
    steps = Steps(device)
    with suppress(KeyboardInterrupt):
        pipeline(
            dataset=dataset,
            dataset_kwargs=dict(create_inverse_triples=True),
            model_kwargs={} if arguments["model"] == "HypER" else dict(embedding_dim=dim),
            training_loop_kwargs=dict(automatic_memory_optimization=False),
            training_kwargs=dict(num_epochs=10_000, batch_size=batch_size, use_tqdm=False, callbacks=[steps]),
            random_seed=0,
            device=device,
            **arguments,
        )
    return steps


def main() -> None:
    """Measure each way once, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="WN18RR-all")
    parser.add_argument("--dim", type=int, default=32)
    parser.add_argument("--device", type=torch.device, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=list(WAYS))
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for name in arguments.ways:
        steps = run(name, arguments.dataset, arguments.dim, arguments.device)
        own = [f"{1e3 * steps.device_seconds:.2f}", f"{steps.launches:.0f}"] if steps.launches else ["-", "-"]
        rows.append([name, f"{1e3 * steps.seconds:.1f}", *own])
    device = torch.cuda.get_device_name(arguments.device) if arguments.device.type == "cuda" else "cpu"
    title = f"a step on {arguments.dataset}, d = {arguments.dim}"
    measuring.report(title, ["ms", "of them the device's", "kernels"], rows, device=device)


if __name__ == "__main__":
    main()
