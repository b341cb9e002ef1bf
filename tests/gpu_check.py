"""Compare a CUDA device with the CPU: every path that has code of its own there, and the seconds to an MRR.

``python tests/gpu_check.py``, or ``make gpu-check``. Where there is no such device, it lists all checks as not run, and
exits with 0. With one it exits with 1 if a check fails. ``--device cpu`` compares the CPU with itself: a check of the
checks.
"""

# ruff: noqa: T201
from __future__ import annotations

import argparse
import sys
import time
import traceback
import warnings

import torch
from gpu_checks import CHECKS, seconds_to_mrr

SPEED = "seconds to MRR .40 and .45 on WN18RR"


def run_check(name: str, check) -> bool:
    """Run a check, print a line about it, and tell whether it was passed."""
    start = time.monotonic()
    try:
        note = check()
    except Exception as error:
        traceback.print_exc()
        print(f"FAILED   {name}: {type(error).__name__}: {error}", flush=True)
        return False
    print(f"ok       {name}: {note} ({time.monotonic() - start:.1f} s)", flush=True)
    return True


def main(arguments: list[str] | None = None) -> int:
    """Run the checks.

    :param arguments: those of the command line
    :return: the exit code
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cuda", help="the device to compare with the CPU")
    parser.add_argument("--check", action="append", choices=[*CHECKS, SPEED], help="only this one; may be repeated")
    parser.add_argument("--seconds", type=float, default=240.0, help="the longest training of the last check")
    options = parser.parse_args(arguments)
    chosen = options.check or [*CHECKS, SPEED]
    device = torch.device(options.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        print("There is no CUDA device here.")
        for name in chosen:
            print(f"not run  {name}")
        return 0
    print(f"{torch.cuda.get_device_name(device) if device.type == 'cuda' else device} beside the CPU")
    warnings.simplefilter("ignore")
    checks = {**CHECKS, SPEED: lambda device: seconds_to_mrr(device, options.seconds)}
    passed = [run_check(name, lambda name=name: checks[name](device)) for name in chosen]
    print(f"{sum(passed)} of {len(passed)} checks are passed.")
    return 0 if all(passed) else 1


if __name__ == "__main__":
    sys.exit(main())
