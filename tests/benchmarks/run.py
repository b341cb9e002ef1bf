"""Run every benchmark of this folder; arguments are names, e.g. ``uniformity``, and all are run without any."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def main(names: list[str]) -> int:
    """Run the benchmarks one after the other, as they would disturb each other.

    :param names: the names to run, none for all
    :return: the exit code
    """
    scripts = {path.stem.removeprefix("bench_"): path for path in sorted(Path(__file__).parent.glob("bench_*.py"))}
    if unknown := set(names) - set(scripts):
        sys.stderr.write(f"error: unknown {sorted(unknown)}; there are {sorted(scripts)}\n")
        return 2
    codes = []
    for name in names or scripts:
        sys.stdout.write(f"\n# {name}\n")
        sys.stdout.flush()
        codes.append(subprocess.run([sys.executable, str(scripts[name])], check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
