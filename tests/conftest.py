"""Set up every test run: PyKEEN's own test cases, a data folder that is thrown away, the same random numbers anywhere.

PyKEEN's test cases import as ``tests.cases``, and this folder is called ``tests`` too. It must have no ``__init__.py``:
as the repository's root is on ``sys.path`` (editable install, ``python -m pytest``), this folder is then at most a
portion of a namespace package, and Python prefers a regular package, which PyKEEN's is, wherever on the path it
finds one. It also needs pytest's import mode "prepend" (pyproject.toml): "importlib" would import this file as
``tests.conftest`` and so take the name ``tests`` before PyKEEN's folder is on the path.
"""

# ruff: noqa: E402  (what imports have to find in the environment is set before them)
from __future__ import annotations

import importlib
import os
import random
import shutil
import signal
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest

if "pykeen" in sys.modules:
    raise pytest.UsageError("pykeen was imported before tests/conftest.py could set PYKEEN_HOME")

# Before anything imports PyKEEN, which reads it once: no test may write to ~/.data. Subprocesses inherit it.
PYKEEN_HOME = Path(tempfile.mkdtemp(prefix="pykeen-home-"))
os.environ["PYKEEN_HOME"] = str(PYKEEN_HOME)
# Progress bars fill the captured output of a failed test. tqdm, too, reads this at import.
os.environ["TQDM_DISABLE"] = "1"
# The tests' tensors are small: a second thread costs more time than it saves (on a busy machine a hundred times as
# much), and sums in another order differ in their last bits. Read when torch starts, in subprocesses too.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# A job in the background of a shell ignores Ctrl-C, which tests press
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import hypothesis
import numpy
import torch
from fetch_pykeen_tests import source_root

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"

# First, lest a `tests` package that some other distribution left in site-packages is found before it
sys.path.insert(0, str(source_root()))
# They use bare asserts: show their values, as in our own tests
pytest.register_assert_rewrite("tests")

# No deadline: the first example of a test pays for compilation and caches. In CI every run draws the same examples.
hypothesis.settings.register_profile("local", deadline=None)
hypothesis.settings.register_profile("fixed", deadline=None, derandomize=True, database=None, print_blob=True)
hypothesis.settings.load_profile("fixed" if os.environ.get("CI") else "local")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse to run without PyKEEN's test cases where they are required, instead of skipping every test with them."""
    if os.environ.get("PYKEEN_TEST_MIXINS") != "required":
        return
    try:
        cases = importlib.import_module("tests.cases")
    except ImportError as error:
        raise pytest.UsageError(
            f"PYKEEN_TEST_MIXINS=required, but PyKEEN's test cases cannot be imported from {source_root()} ({error}); "
            "run tests/fetch_pykeen_tests.py"
        ) from error
    if not Path(str(cases.__file__)).is_relative_to(source_root()):
        raise pytest.UsageError(f"tests.cases is {cases.__file__}, not PyKEEN's in {source_root()}")


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the run's PyKEEN folder."""
    shutil.rmtree(PYKEEN_HOME, ignore_errors=True)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Write what is logged in UTF-8, as which pytest's processes send it: the name of a file may be something else."""
    report = yield
    report.sections = [(name, text.encode(errors="backslashreplace").decode()) for name, text in report.sections]
    return report


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of benchmark data and reference values, which lies beside the repository."""
    if not SHARED.is_dir():
        pytest.skip(f"no {SHARED}: benchmark data and reference values are not here")
    return SHARED


@pytest.fixture(autouse=True)
def _seed() -> None:
    """Let no test's random numbers depend on which tests ran before it."""
    random.seed(0)
    numpy.random.seed(0)
    torch.manual_seed(0)
