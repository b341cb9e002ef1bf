"""A graph of any size end to end, in processes that share its entities: files, ids, steps, ranks, checkpoint, resuming.

    python large_graph.py FOLDER --entities 20000000 --triples 40000000 --processes 2

Labelled triples are drawn by chance (large_files.py). FOLDER keeps all that is made, and what is there is not made
again: give a new one. Without ``--build`` the entities are those of a few triples in memory, without labels.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import measuring
from large_files import make

HERE = Path(__file__).parent


def build(folder: Path, arguments: argparse.Namespace) -> None:
    """Draw files, and make mapped triples of them."""
    from pykeen_conj_hale.datasets import build_triples

    if not (folder / "files").exists():
        make(folder / "files", arguments.entities, arguments.triples)
    if (folder / "mapped").exists():
        return
    start = time.perf_counter()
    # two triples drawn by chance may be the same
    about = build_triples(folder / "files", folder / "mapped", memory=arguments.memory, duplicates="keep")
    size = sum(path.stat().st_size for path in (folder / "files").iterdir()) / 2**30
    row = [
        f"{time.perf_counter() - start:.0f}",
        f"{time.process_time():.0f}",
        f"{measuring.memory('VmHWM') / 2**10:.2f}",
    ]
    headers = ["s", "s of the processor", "peak of the process, GiB"]
    measuring.report(
        f"triples build, {size:.2f} GiB of files: {about}", headers, [[f"memory={arguments.memory:g}", *row]]
    )


def steps(arguments: argparse.Namespace, processes: int, *further: str) -> dict[str, Any]:
    """Run the steps in processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"]
    command += ["--local-addr=127.0.0.1", str(HERE / "sharded_steps.py"), f"--dim={arguments.dim}", *further]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=dict(os.environ, PYTHONPATH="."))
    found: dict[str, Any] = json.loads(next(line for line in done.stdout.splitlines() if line.startswith("{")))
    return found


def tell(title: str, found: dict[str, Any]) -> None:
    """Report stages, and what of memory is a process's own after each."""
    processes, last = found.pop("processes"), "peak of all that is resident"
    table = [
        [stage, f"{seconds:.0f}", f"{max(x['anon'][stage] for x in processes) / 2**10:.2f}"]
        for stage, seconds in found.pop("seconds").items()
    ]
    table.append([last, "", f"{max(x['peak'] for x in processes) / 2**10:.2f}"])
    measuring.report(title, ["s", "memory of a process, GiB"], table, **found)


def main(arguments: argparse.Namespace) -> None:
    """Do all."""
    folder, source = arguments.folder, [f"--entities={arguments.entities}"]
    if arguments.build:
        build(folder, arguments)
        source = [f"--folder={folder / 'mapped'}"]
    for number in arguments.processes:
        title = f"{arguments.entities:,} entities, d = {arguments.dim}, {number} processes"
        checkpoint = folder / f"checkpoint-{number}"
        shutil.rmtree(checkpoint, ignore_errors=True)
        saved = [f"--checkpoint={checkpoint}"] if arguments.build else []
        ranked = f"--evaluate={arguments.evaluate}"
        tell(title, steps(arguments, number, *source, "--steps=20", ranked, *saved))
        if saved:
            tell(f"{title}, resumed", steps(arguments, number, *source, "--steps=25", *saved, "--resume"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--entities", type=int, default=20_000_000)
    parser.add_argument("--triples", type=int, default=40_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--processes", type=int, nargs="+", default=[2])
    parser.add_argument("--evaluate", type=int, default=20, help="the number of triples to rank")
    parser.add_argument("--memory", type=float, default=3.0, help="of the numbering, GiB")
    parser.add_argument("--build", action=argparse.BooleanOptionalAction, default=True)
    main(parser.parse_args())
