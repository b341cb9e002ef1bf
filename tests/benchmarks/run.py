"""Run every benchmark of this folder; arguments are names, e.g. ``uniformity``, and all are run without any.

Each prints a table, and appends it to ``results/benchmarks.jsonl``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

#: Further runs of a benchmark, with other arguments
FURTHER = {
    "step": [["--profile"]],
    "uniformity": [
        ["--queries", "64", "--entities", "4600000", "--dim", "64", "--repeats", "3", "--ways", "streamed", "plain"]
    ],
}


def main(names: list[str]) -> int:
    """Run the benchmarks one after the other, as they would disturb each other.

    :param names: the names to run, none for all
    :return: the exit code
    """
    scripts = {path.stem.removeprefix("bench_"): path for path in sorted(Path(__file__).parent.glob("bench_*.py"))}
    if unknown := set(names) - set(scripts):
        sys.stderr.write(f"error: unknown {sorted(unknown)}; there are {sorted(scripts)}\n")
        return 2
    environment = {"BENCHMARKS_JSON": "results/benchmarks.jsonl", **os.environ}
    codes = []
    for name in names or scripts:
        sys.stdout.write(f"\n# {name}\n")
        sys.stdout.flush()
        for arguments in [[], *FURTHER.get(name, [])]:
            command = [sys.executable, str(scripts[name]), *arguments]
            codes.append(subprocess.run(command, check=False, env=environment).returncode)
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
