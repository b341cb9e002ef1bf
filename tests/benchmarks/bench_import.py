"""What this package adds to importing PyKEEN: fresh interpreters, with and without it, in turns."""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

import measuring

# to PyKEEN, a package that cannot be imported is as good as none
HIDE = "import sys, logging; sys.modules['pykeen_conj_hale'] = None; logging.disable(); "


def main() -> None:
    """Measure each module."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--modules", nargs="+", default=["pykeen.pipeline", "pykeen.cli"])
    parser.add_argument("--runs", type=int, default=10)
    arguments = parser.parse_args()
    rows = []
    for module in arguments.modules:
        seconds: dict[str, list[float]] = {"with": [], "without": []}
        for _ in range(arguments.runs):
            for name, own in seconds.items():
                start = time.perf_counter()
                code = f"{HIDE if name == 'without' else ''}import {module}"
                subprocess.run([sys.executable, "-c", code], check=True)
                own.append(time.perf_counter() - start)
        medians = {name: statistics.median(own) for name, own in seconds.items()}
        rows.append([module, *(f"{s:.2f}" for s in medians.values()), f"{medians['with'] / medians['without']:.3f}"])
    measuring.report("import", ["with, s", "without, s", "ratio"], rows)


if __name__ == "__main__":
    main()
