"""Measure the scoring of queries against all entities: QueryTransE of this package, and PyKEEN's TransE.

Both score the same queries with the same weights, without gradients, at WN18RR's number of entities. Each run is a
process of its own, for its peak memory, and the two take turns, so that they share the machine's ups and downs. Extra
memory is what the peak adds to the memory in use before: the scores themselves, and what is made on the way. Where
PyKEEN's tensors of queries x entities x dimensions would need more than ``--memory``, it gets fewer queries, and both
figures, which grow in proportion, are scaled up (marked *). Nothing is asserted.

    python tests/benchmarks/bench_scoring.py
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

#: WN18RR with reciprocal relations
NUM_ENTITIES, NUM_RELATIONS = 40_943, 22
VARIANTS: dict[str, dict[str, Any]] = {
    "QueryTransE": dict(relation_scale=False),
    "TransE": dict(scoring_fct_norm=2, power_norm=True),
}
#: Tensors of queries x entities x dimensions that PyKEEN's TransE holds at once
NUM_TENSORS = 3


def memory(key: str) -> float:
    """Read the process's memory, in MiB.

    :param key: ``VmRSS`` for what is in use, ``VmHWM`` for the peak; without /proc, the peak is all there is
    :return: MiB
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    line = next(line for line in status.read_text().splitlines() if line.startswith(key))
    return int(line.split()[1]) / 2**10


def measure(name: str, dim: int, num_queries: int, repeats: int, threads: int) -> tuple[list[float], float]:
    """Score in this process.

    :param name: the model, by name
    :param dim: its dimension
    :param num_queries: the number of queries
    :param repeats: how many times
    :param threads: the number of threads, 0 for PyTorch's own choice
    :return: seconds, one number a time, and the extra memory in MiB
    """
    import torch
    from pykeen.datasets import get_dataset  # noqa: F401 -- finds the package's models
    from pykeen.models import model_resolver
    from pykeen.triples import CoreTriplesFactory

    if threads:
        torch.set_num_threads(threads)
    generator = torch.Generator().manual_seed(0)
    h = torch.randint(NUM_ENTITIES, (num_queries,), generator=generator)
    pairs = torch.stack([h, h % NUM_RELATIONS], dim=-1)
    triples = torch.cat([pairs, h.unsqueeze(dim=-1)], dim=-1)
    factory = CoreTriplesFactory(triples, num_entities=NUM_ENTITIES, num_relations=NUM_RELATIONS)
    model = model_resolver.make(name, triples_factory=factory, embedding_dim=dim, random_seed=0, **VARIANTS[name])
    seconds = []
    with torch.inference_mode():
        model.eval().score_t(pairs[:1])  # what the first call loads is no part of it
        before = memory("VmRSS")
        for _ in range(repeats):
            start = time.perf_counter()
            model.score_t(pairs)
            seconds.append(time.perf_counter() - start)
    return seconds, memory("VmHWM") - before


def measure_apart(name: str, dim: int, num_queries: int, arguments: argparse.Namespace) -> tuple[list[float], float]:
    """Score in a process of its own; see :func:`measure`."""
    options = ["--queries", num_queries, "--repeats", arguments.repeats, "--threads", arguments.threads]
    command = [sys.executable, __file__, "--variant", name, "--dims", dim, *options]
    output = subprocess.run([str(x) for x in command], check=True, stdout=subprocess.PIPE, text=True).stdout
    seconds, extra = json.loads(output.splitlines()[-1])
    factor = arguments.queries / num_queries
    return [factor * s for s in seconds], factor * extra


def compare(dim: int, arguments: argparse.Namespace) -> list[str]:
    """Measure both models in turns.

    :param dim: the dimension
    :param arguments: the command line's
    :return: the lines of the table
    """
    num_queries = dict.fromkeys(VARIANTS, arguments.queries)
    fitting = int(arguments.memory * 2**30 / (4 * NUM_TENSORS * NUM_ENTITIES * dim))
    num_queries["TransE"] = max(1, min(arguments.queries, fitting))
    runs: dict[str, list[tuple[list[float], float]]] = {name: [] for name in VARIANTS}
    for _ in range(arguments.rounds):
        for name, results in runs.items():
            results.append(measure_apart(name, dim, num_queries[name], arguments))
    lines, medians, extras = [], [], []
    for name, results in runs.items():
        seconds = [s for times, _ in results for s in times]
        medians.append(statistics.median(seconds))
        extras.append(statistics.median(extra for _, extra in results))
        label = f"d = {dim:3}, {name}{'*' if num_queries[name] < arguments.queries else ''}"
        lines.append(f"{label:24}{1e3 * medians[-1]:12.1f}{1e3 * min(seconds):12.1f}{extras[-1]:12.1f}")
    return [*lines, f"{'':24}{medians[1] / medians[0]:11.1f}x{'':12}{extras[1] / extras[0]:11.1f}x"]


def main() -> None:
    """Measure both models, or one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dims", type=int, nargs="+", default=[32, 200], help="dimensions (default: %(default)s)")
    parser.add_argument("--queries", type=int, default=256, help="queries a time (default: %(default)s)")
    parser.add_argument("--repeats", type=int, default=3, help="times a process (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=2, help="processes a model (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=0, help="threads, 0 for PyTorch's own choice")
    parser.add_argument("--memory", type=float, default=6.0, help="GiB that TransE may need (default: %(default)s)")
    parser.add_argument("--variant", choices=[*VARIANTS], help="print the seconds and memory of this model only")
    arguments = parser.parse_args()
    if arguments.variant:
        warnings.simplefilter("ignore")
        dim, num_queries = arguments.dims[0], arguments.queries
        result = measure(arguments.variant, dim, num_queries, arguments.repeats, arguments.threads)
        print(json.dumps(result))  # noqa: T201
        return
    lines = [f"{arguments.queries} queries x {NUM_ENTITIES:,} entities, no gradient"]
    lines.append(f"{'':24}{'median ms':>12}{'fastest ms':>12}{'extra MiB':>12}")
    for dim in arguments.dims:
        lines += compare(dim, arguments)
    print("\n".join(lines))  # noqa: T201


if __name__ == "__main__":
    main()
