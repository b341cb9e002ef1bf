"""PyKEEN finds our names by itself, whatever is imported first, and nothing of ours can break PyKEEN."""

from __future__ import annotations

import importlib.metadata
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "pykeen_conj_hale"
DIST_INFO = "pykeen_conj_hale-0.1.0.dist-info"

#: Written down once more, so that a mistake in the package's own table is found
RESOLVERS = {
    "pykeen.models": "pykeen.models:model_resolver",
    "pykeen.interactions": "pykeen.nn.modules:interaction_resolver",
    "pykeen.representations": "pykeen.nn:representation_resolver",
    "pykeen.losses": "pykeen.losses:loss_resolver",
    "pykeen.regularizers": "pykeen.regularizers:regularizer_resolver",
    "pykeen.training_loops": "pykeen.training:training_loop_resolver",
    "pykeen.training_callbacks": "pykeen.training.callbacks:callback_resolver",
    "pykeen.evaluators": "pykeen.evaluation:evaluator_resolver",
    "pykeen.lr_schedulers": "pykeen.lr_schedulers:lr_scheduler_resolver",
    "pykeen.stoppers": "pykeen.stoppers:stopper_resolver",
    "pykeen.datasets": "pykeen.datasets:dataset_resolver",
    "pykeen.lit_modules": "pykeen.contrib.lightning:lit_module_resolver",
}
#: What has to be found; this package may have more
NAMES = {
    "pykeen.models": [
        "ConjComplEx",
        "ConjFiveStarE",
        "FiveStarE",
        "HypER",
        "JointGloVe",
        "QueryDistMult",
        "TextEntities",
    ],
    "pykeen.interactions": ["ConjComplEx", "ConjFiveStarE", "FiveStarE", "HypER", "QueryDistMult"],
    "pykeen.losses": ["AdvNeg", "AllNeg", "HaLE", "NonNeg", "SamNeg"],
    "pykeen.regularizers": ["DURA", "N3"],
    "pykeen.representations": ["WordBag"],
    "pykeen.training_loops": ["BudgetedLCWA", "BudgetedSLCWA", "BudgetedSymmetricLCWA", "QuerySampling"],
    "pykeen.evaluators": ["IndexedRankBased"],
    "pykeen.stoppers": ["Timed"],
    "pykeen.lr_schedulers": ["BudgetCosine", "BudgetLinear"],
    "pykeen.lit_modules": ["QuerySampling"],
    "pykeen.datasets": [f"{name}All" for name in ("WN18RR", "WN18", "FB15k237", "FB15k", "YAGO310")],
}
for group in ("pykeen.models", "pykeen.interactions"):
    NAMES[group] += ["QueryCP", "QueryRotatE", "QueryTransE", "QueryTuckER", "RotE", "RotL"]
NAMES["pykeen.datasets"] += [f"CoDEx{size}All" for size in ("Small", "Medium", "Large")]
NAMES["pykeen.datasets"] += ["WN18RRInductive", "FB15k237Inductive"]
FIRST = [
    "pykeen.datasets",
    "pykeen.pipeline",
    "pykeen.hpo",
    "pykeen.cli",
    "pykeen.models",
    "pykeen.models.unimodal",
    "pykeen.training",
    "pykeen.training.callbacks",
    "pykeen.evaluation",
    "pykeen.nn",
    "pykeen.nn.modules",
    "pykeen.losses",
    "pykeen.triples",
    "pykeen.regularizers",
    "pykeen.predict",
    "pykeen.checkpoints",
    "pykeen.stoppers",
    "pykeen.lr_schedulers",
    "pykeen.contrib.lightning",
    "pykeen_conj_hale",
]
OURS = [f"pykeen_conj_hale.{name}" for name in ("datasets", "losses", "models", "nn", "training", "training.lightning")]
#: The orders which take different ways through the code; all others are slow tests
SAMPLE = [
    ["pykeen.pipeline"],  # the usual one
    ["pykeen.models"],  # half imported when PyKEEN loads us
    ["pykeen.nn.modules"],  # complete then, its package half imported
    ["pykeen.losses", "pykeen.models"],  # one imported before, one half imported
    ["pykeen.losses", "pykeen_conj_hale"],  # PyKEEN has not loaded us
    ["pykeen_conj_hale", "pykeen.losses"],  # nor here, and it is imported after us
    ["pykeen_conj_hale", "pykeen.training.callbacks"],
    ["pykeen.cli"],  # uses the resolvers while it is imported
    ["pykeen.contrib.lightning"],  # so does this, and it is imported long after all others, if at all
    ["pykeen.models", "pykeen.contrib.lightning"],
    ["pykeen_conj_hale.training.lightning"],
    ["pykeen_conj_hale.datasets"],  # half imported when PyKEEN asks for them
]
ORDERS = [[first] for first in FIRST + OURS] + [list(pair) for pair in itertools.permutations(FIRST, 2)]

# Runs each piece of code in a fork of a process which has imported all that PyKEEN needs, but neither PyKEEN nor us: as
# good as a fresh interpreter, in a fifth of the time
SERVER = """
import contextlib, importlib, json, os, sys, tempfile, traceback

def run(code, path):
    with tempfile.TemporaryFile() as out:
        if (pid := os.fork()) == 0:
            status = 1
            try:
                os.dup2(out.fileno(), 1), os.dup2(out.fileno(), 2)
                sys.path[:0] = [path] if path else []
                exec(code, {"__name__": "__main__"})
                status = 0
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush(), sys.stderr.flush()
                os._exit(status)
        status = os.waitpid(pid, 0)[1]
        out.seek(0)
        return status, out.read().decode()

imports = "import sys, pykeen.cli, pykeen.contrib.lightning, importlib.metadata"
for name in run(imports + "; print(*sys.modules)", None)[1].split():
    if not name.startswith("pykeen"):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
for line in sys.stdin:
    print(json.dumps(run(*json.loads(line))), flush=True)
"""

# `found` looks our names up in the resolvers which have been imported, wherever there is a reference to them
CHECK = f"""
import importlib, sys
RESOLVERS = {RESOLVERS!r}
NAMES = {NAMES!r}

def lookup(resolver, group):
    for name in NAMES.get(group, ()):
        assert resolver.lookup(name).__module__.startswith("pykeen_conj_hale."), (group, name)
        yield group, name

def found():
    names = {{value.split(":")[1]: group for group, value in RESOLVERS.items()}}
    modules = [module for name, module in list(sys.modules.items()) if name.startswith("pykeen.")]
    return [e for m in reversed(modules) for n, r in list(vars(m).items()) if n in names for e in lookup(r, names[n])]

def all_found():
    for group, value in RESOLVERS.items():
        module, _, attribute = value.partition(":")
        names = list(lookup(getattr(importlib.import_module(module), attribute), group))
        assert len(names) == len(NAMES.get(group, ()))
"""

ORDER = """
for module in {order}:
    importlib.import_module(module)
# Not so for a few modules which do not import PyKEEN's datasets, unless the user imports us
if "pykeen_conj_hale" in sys.modules:
    found()
all_found()
assert found()
import pykeen.cli
assert "conjcomplex" in pykeen.cli.train.commands
"""


@pytest.fixture(scope="module")
def run():
    """Run code as in a fresh interpreter; returns what it printed and logged."""
    command = [sys.executable, "-c", SERVER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:

        def request(code: str, path: Path | None = None) -> str:
            server.stdin.write(json.dumps([code, path and str(path)]) + "\n")
            server.stdin.flush()
            status, output = json.loads(server.stdout.readline())
            assert status == 0, output
            return output

        yield request
        server.stdin.close()


@pytest.fixture
def copy(tmp_path):
    """Copy the package to where it is found before the installed one, to change it."""
    shutil.copytree(PACKAGE, tmp_path / PACKAGE.name, ignore=shutil.ignore_patterns("__pycache__"))
    metadata = importlib.metadata.distribution("pykeen-conj-hale")
    (tmp_path / DIST_INFO).mkdir()
    for name in ("METADATA", "entry_points.txt"):
        (tmp_path / DIST_INFO / name).write_text(metadata.read_text(name))
    return tmp_path


def _name(order):
    return "+".join(order)


@pytest.mark.parametrize("order", SAMPLE, ids=_name)
def test_order(run, order):
    assert run(CHECK + ORDER.format(order=order)) == ""


@pytest.mark.slow
@pytest.mark.parametrize("order", [order for order in ORDERS if order not in SAMPLE], ids=_name)
def test_every_order(run, order):
    assert run(CHECK + ORDER.format(order=order)) == ""


def test_table():
    from pykeen_conj_hale import discovery

    assert {group: ":".join(value) for group, value in discovery.RESOLVERS.items()} == RESOLVERS
    groups = {entry.group for entry in importlib.metadata.distribution("pykeen-conj-hale").entry_points}
    assert groups == {*NAMES, "console_scripts"}
    assert set(NAMES) <= set(RESOLVERS)


def test_import_is_cheap():
    """In a real interpreter, without what pytest has imported."""
    code = """
import sys
before = set(sys.modules)
import pykeen_conj_hale
loaded = {name.partition(".")[0] for name in set(sys.modules) - before}
print(*sorted(loaded - sys.stdlib_module_names), "importlib.metadata" in sys.modules, "email" in sys.modules)
print(pykeen_conj_hale.__version__)
"""
    done = subprocess.run([sys.executable, "-S", "-c", f"import sys; sys.path = {sys.path}\n{code}"], **_CAPTURE)
    version = importlib.metadata.version("pykeen-conj-hale")
    assert (done.stdout, done.stderr) == (f"pykeen_conj_hale False False\n{version}\n", "")


_CAPTURE = {"capture_output": True, "text": True, "check": True, "timeout": 120}


def test_command_line():
    done = subprocess.run([sys.executable, "-m", "pykeen", "train", "conjcomplex", "--help"], **_CAPTURE)
    assert done.stdout.startswith("Usage: python -m pykeen train conjcomplex")
    assert done.stderr == ""


def test_pipeline(run):
    code = """
import logging
from pykeen.pipeline import pipeline
logging.disable()
result = pipeline(
    dataset="Nations", model="ConjComplEx", loss="HaLE", training_loop="QuerySampling",
    model_kwargs={"embedding_dim": 4}, training_kwargs={"num_epochs": 1, "use_tqdm": False},
    evaluation_kwargs={"use_tqdm": False}, random_seed=0, device="cpu",
)
assert type(result.model).__module__.startswith("pykeen_conj_hale."), result.model
"""
    assert run(code) == ""


def test_all_is_put_back(run):
    code = """
import types
import pykeen_conj_hale
path = list(sys.meta_path)
assert any(type(finder).__module__.startswith("pykeen_conj_hale") for finder in path)
import pykeen.pipeline, pykeen.nn, class_resolver
all_found()
assert not any(type(finder).__module__.startswith("pykeen_conj_hale") for finder in sys.meta_path)
assert len(sys.meta_path) == len(path) - 1
for module in (pykeen, pykeen.nn, pykeen.training):
    assert type(module) is types.ModuleType
for value in RESOLVERS.values():
    module, _, attribute = value.partition(":")
    resolver = getattr(sys.modules[module], attribute)
    assert isinstance(resolver, class_resolver.ClassResolver) and resolver.options
    assert type(resolver) is class_resolver.ClassResolver, value
"""
    assert run(CHECK + code) == ""


def test_until_lightning_is_imported_an_import_hook_is_all_that_stays(run):
    code = """
import types
import pykeen.pipeline
before = len(sys.meta_path)
found()
assert not any(name.startswith(("pykeen.contrib", "pytorch_lightning.")) for name in set(sys.modules) - imported)
assert all(type(module) is types.ModuleType for module in (pykeen, pykeen.nn, pykeen.training))
assert sum(type(finder).__module__ == "pykeen_conj_hale.discovery" for finder in sys.meta_path) == 1
from pykeen.contrib.lightning import _main, lit_module_resolver
assert not any(type(finder).__module__ == "pykeen_conj_hale.discovery" for finder in sys.meta_path)
assert "pykeen_conj_hale.training.lightning" not in sys.modules
assert lit_module_resolver.lookup("QuerySampling").__module__ == "pykeen_conj_hale.training.lightning.module"
assert lit_module_resolver.lookup(None).__module__ == "pykeen.contrib.lightning"
# its command line is built while it is imported
assert "conjcomplex" in next(option for option in _main.params if option.name == "model").type.choices
"""
    assert run("import sys\nimported = set(sys.modules)\n" + CHECK + code) == ""


def test_without_lightning(run):
    code = """
import sys
sys.modules["pytorch_lightning"] = None
import pykeen.pipeline
found()
for _ in range(2):
    try:
        import pykeen.contrib.lightning
    except ModuleNotFoundError as error:
        assert "pytorch_lightning" in str(error)
    else:
        raise AssertionError
assert pykeen.pipeline.api.training_loop_resolver.lookup("QuerySampling")
"""
    assert run(CHECK + code) == ""


def test_nothing_is_loaded_before_it_is_needed(run):
    code = """
import sys
import class_resolver, pykeen.pipeline
print(sorted(name for name in sys.modules if name.startswith("pykeen_conj_hale")))
assert isinstance(pykeen.datasets.dataset_resolver, class_resolver.ClassResolver)
pykeen.pipeline.api.loss_resolver.lookup("HaLE")
print("pykeen_conj_hale.losses" in sys.modules, "pykeen_conj_hale.datasets" in sys.modules)
"""
    assert run(code) == (
        "['pykeen_conj_hale', 'pykeen_conj_hale.discovery', 'pykeen_conj_hale.entry_points', "
        "'pykeen_conj_hale.messages']\nTrue False\n"
    )


@pytest.mark.parametrize("module", ["pykeen_conj_hale", "pykeen_conj_hale.discovery", "pykeen.datasets"])
def test_again(run, module):
    code = f"""
import pykeen_conj_hale.discovery
def again():
    for _ in range(2):
        importlib.reload(importlib.import_module({module!r}))
        pykeen_conj_hale.discovery.install()
again()
import pykeen.losses
again()
found()
again()
import pykeen.models
again()
all_found()
again()
all_found()
"""
    assert run(CHECK + code) == ""


@pytest.mark.parametrize("prefix", ["pykeen", "pykeen_conj_hale"])
def test_imported_again(run, prefix):
    """With new classes of the same names, not so for all other modules."""
    code = f"""
import pykeen.pipeline
all_found()
for name in [name for name in sys.modules if name.startswith({prefix!r})]:
    del sys.modules[name]
import pykeen.pipeline, pykeen_conj_hale
all_found()
"""
    assert run(CHECK + code) == ""


@pytest.mark.parametrize("synonyms", [(), ("hale",)])
def test_name_taken(run, synonyms):
    """By what a user has registered before."""
    code = f"""
from pykeen.losses import MSELoss, loss_resolver
cls = type("{"Other" if synonyms else "HaLE"}Loss", (MSELoss,), {{"__module__": "theirs", "synonyms": None}})
loss_resolver.register(cls, synonyms={synonyms})
import pykeen_conj_hale
for _ in range(3):
    assert loss_resolver.lookup("HaLE") is cls
    importlib.reload(pykeen_conj_hale)
import pykeen.pipeline
"""
    output = run("import importlib\n" + code)
    assert output.count("\n") == 1, output
    assert "theirs." in output
    assert "pykeen_conj_hale.losses.hale.HaLELoss" in output


def test_dataset_of_another_plugin(run, tmp_path):
    """PyKEEN raises if two plugins bring the same name."""
    (tmp_path / "theirs.py").write_text("from pykeen.datasets import Nations\nclass WN18RRAll(Nations): pass\n")
    (tmp_path / "theirs-1.0.dist-info").mkdir()
    (tmp_path / "theirs-1.0.dist-info/METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    entries = "[pykeen.datasets]\nWN18RRAll = theirs:WN18RRAll\n"
    (tmp_path / "theirs-1.0.dist-info/entry_points.txt").write_text(entries)
    code = """
import pykeen.pipeline
from pykeen.datasets import dataset_resolver
for _ in range(2):
    assert dataset_resolver.lookup("WN18RRAll").__module__ == "theirs"
    assert dataset_resolver.lookup("FB15k237All").__module__.startswith("pykeen_conj_hale")
"""
    output = run(code, tmp_path)
    assert output.count("\n") == 1, output
    assert "theirs.WN18RRAll" in output
    assert "pykeen_conj_hale.datasets" in output


def test_synonyms(run, copy):
    with (copy / "pykeen_conj_hale/losses/hale.py").open("a") as file:
        file.write('\nHaLELoss.synonyms = {"Hardness-Aware", "MSE"}\n')
    code = """
from pykeen.losses import loss_resolver
import pykeen_conj_hale
assert loss_resolver.lookup("hardness_aware") is loss_resolver.lookup("HaLE")
assert loss_resolver.lookup("HaLE").__module__ == "pykeen_conj_hale.losses.hale"
assert loss_resolver.lookup("MSE").__module__ == "pykeen.losses"
"""
    output = run(code, copy)
    assert output.count("\n") == 1, output
    assert "pykeen.losses.MSELoss" in output


def test_name_taken_and_synonyms(run, copy):
    """Nor is a class found by its synonyms then; and each warning comes once, even if another name is tried again."""
    with (copy / "pykeen_conj_hale/losses/hale.py").open("a") as file:
        file.write('\nHaLELoss.synonyms = {"Hardness-Aware"}\n')
    entries = "[pykeen.losses]\nHaLE = pykeen_conj_hale.losses:HaLELoss\nMissing = pykeen_conj_hale.losses:Missing\n"
    (copy / DIST_INFO / "entry_points.txt").write_text(entries)
    code = """
from pykeen.losses import MSELoss, loss_resolver
loss_resolver.register(type("HaLELoss", (MSELoss,), {"__module__": "theirs", "synonyms": None}))
import pykeen_conj_hale, pykeen.cli
assert "hardnessaware" not in loss_resolver.options
"""
    lines = run(code, copy).splitlines()
    assert len([line for line in lines if line.startswith("HaLE of pykeen.losses: PyKEEN keeps")]) == 1, lines
    assert len([line for line in lines if line.startswith("Missing of pykeen.losses: cannot be loaded")]) == 1, lines


def test_missing_name_hides_no_other(run, copy):
    path = copy / DIST_INFO / "entry_points.txt"
    path.write_text(
        path.read_text().replace("[pykeen.models]\n", "[pykeen.models]\nA = pykeen_conj_hale.models:Missing\n")
    )
    output = run(
        "import pykeen.cli\nassert 'conjcomplex' in pykeen.cli.train.commands\nlist(pykeen.cli.model_resolver)", copy
    )
    assert output.startswith("A of pykeen.models: cannot be loaded")


@pytest.mark.parametrize("nonsense", ["'nonsense'", "type('Unnamed', (), {'synonyms': [3]})"])
def test_element_that_fails_hides_no_other(run, copy, nonsense):
    with (copy / "pykeen_conj_hale/models/__init__.py").open("a") as file:
        file.write(f"\nMODELS = ({nonsense}, *MODELS)\n")
    code = """
import pykeen.cli
for _ in range(2):
    all_found()
assert "conjcomplex" in pykeen.cli.train.commands
"""
    lines = run(CHECK + code, copy).splitlines()
    assert len([line for line in lines if "cannot be registered" in line]) == 1, lines


def test_names_of_several_that_are_taken(run, copy):
    """One warning for each element, and the others are found."""
    with (copy / "pykeen_conj_hale/models/__init__.py").open("a") as file:
        file.write(
            "\nours = [type(name, (RotE,), {'__module__': 'ours'}) for name in ('TransE', 'DistMult')]"
            "\nMODELS = (*ours, *MODELS)\n"
        )
    code = """
import pykeen.pipeline
from pykeen.models import model_resolver
for _ in range(2):
    assert model_resolver.lookup("TransE").__module__ == "pykeen.models.unimodal.trans_e"
    all_found()
"""
    lines = run(CHECK + code, copy).splitlines()
    assert len(lines) == 2, lines
    assert ["ours.TransE" in lines[0], "ours.DistMult" in lines[1]] == [True, True], lines


def test_new_model_takes_a_file_and_a_line(run, copy):
    """The page for authors of models, in a package that is not installed again."""
    page = (PACKAGE.parent / "docs/your_own_transform.md").read_text()
    file = re.search(r"^```python\n(.*?)^```", page, flags=re.DOTALL | re.MULTILINE)[1]
    (copy / "pykeen_conj_hale/models/compounde.py").write_text(file)
    line = "from .compounde import CompoundE as CompoundE\n"
    assert f"    {line}" in page
    path = copy / "pykeen_conj_hale/models/__init__.py"
    path.write_text(path.read_text().replace("from .rote import", f"{line}from .rote import"))
    code = """
import logging, pickle
logging.disable()
from click.testing import CliRunner
import pykeen.cli
from pykeen.nn.modules import interaction_resolver
from pykeen.pipeline import pipeline
result = pipeline(
    dataset="Nations", model="CompoundE", loss="HaLE", training_loop="QuerySampling", model_kwargs={"embedding_dim": 4},
    training_kwargs={"num_epochs": 1, "use_tqdm": False}, evaluation_kwargs={"use_tqdm": False}, random_seed=0,
)
assert type(result.model).__module__ == "pykeen_conj_hale.models.compounde"
assert type(result.model.interaction) is interaction_resolver.lookup("compounde")
assert type(pickle.loads(pickle.dumps(result.model, protocol=2)).interaction) is type(result.model.interaction)
shown = CliRunner().invoke(pykeen.cli.main, ["train", "compounde", "--help"])
assert shown.exit_code == 0 and "--relation-scale" in shown.output and "--kwargs" not in shown.output
"""
    assert run(code, copy) == ""


#: The modules which PyKEEN is told about, of which it must be said that they fail
_ENTRIES = importlib.metadata.distribution("pykeen-conj-hale").entry_points
_LOADED = {entry.module for entry in _ENTRIES if entry.group != "console_scripts"}
_LOADED = {name.partition(".")[2] for name in _LOADED | {"pykeen_conj_hale.datasets"}}
_MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py"))}
_MODULES = {path: path.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in _MODULES}
_BREAKS = [
    pytest.param(path, "RuntimeError", marks=[] if name in _LOADED else pytest.mark.slow)
    for path, name in _MODULES.items()
    if path != "__init__.py"  # which guards all others
]
_BREAKS += [
    ("__init__.py", "ImportError"),
    ("datasets/__init__.py", "ImportError"),
    ("losses/hale.py", "AttributeError"),
]


@pytest.mark.parametrize(("module", "error"), _BREAKS)
def test_broken_module(run, copy, module, error):
    """Whichever of our modules fails, and how: PyKEEN works, and it is said once for each name that is missing."""
    path = copy / "pykeen_conj_hale" / module
    path.write_text(f"raise {error}('broken')\n" + path.read_text().replace("from __future__ import annotations", ""))
    code = """
import pykeen.pipeline, pykeen.cli
for _ in range(2):
    assert len(list(pykeen.datasets.dataset_resolver)) > 30
    pykeen.nn.modules.interaction_resolver.lookup("TransE")
    pykeen.pipeline.api.model_resolver.lookup("TransE")
    pykeen.pipeline.api.training_loop_resolver.lookup("sLCWA")
    import pykeen.contrib.lightning
    pykeen.contrib.lightning.lit_module_resolver.lookup("sLCWA")
"""
    output = run(code, copy)
    assert "broken" in output or "could not load" in output or _MODULES[module] not in _LOADED
    headlines = [line for line in output.splitlines() if "cannot be loaded" in line]
    assert len(headlines) == len(set(headlines))


@pytest.mark.parametrize("function", ["_arm", "_watch", "_watch_package", "_entries", "_add"])
def test_broken_discovery(run, copy, function):
    with (copy / "pykeen_conj_hale/discovery.py").open("a") as file:
        file.write(f"\ndef {function}(*args): raise RuntimeError('broken')\n")
    code = """
import pykeen_conj_hale, pykeen.pipeline
from pykeen.datasets import dataset_resolver
from pykeen.models import model_resolver
assert dataset_resolver.lookup("Nations") and model_resolver.lookup("TransE")
"""
    assert "broken" in run(code, copy)


def test_broken_datasets_are_an_import_error(run, copy):
    """The one error that PyKEEN survives when it loads the entry points of datasets."""
    (copy / "pykeen_conj_hale/datasets/__init__.py").write_text("raise RuntimeError('broken')")
    code = """
import importlib.metadata, pykeen.datasets
for entry in importlib.metadata.distribution("pykeen-conj-hale").entry_points.select(group="pykeen.datasets"):
    try:
        entry.load()
    except ImportError as error:
        assert "broken" in str(error)
    else:
        raise AssertionError(entry)
"""
    assert run(code, copy) == ""


def test_a_program_without_metadata(run, copy):
    """As a frozen one: what it imports finds all names."""
    shutil.rmtree(copy / DIST_INFO)
    code = """
import importlib.metadata
whole = importlib.metadata.distribution
def distribution(name):
    if name == "pykeen-conj-hale":
        raise importlib.metadata.PackageNotFoundError(name)
    return whole(name)
importlib.metadata.distribution = distribution
import pykeen_conj_hale, pykeen.pipeline, pykeen.cli
all_found()
assert pykeen_conj_hale.__version__ == "0+unknown"
from pykeen_conj_hale.cli import main
try:
    main(["--version"])
except SystemExit as end:
    assert end.code == 0
"""
    assert run(CHECK + code, copy) == "pykeen-conj-hale, version 0+unknown\n"


def test_the_packaged_list_is_that_of_the_metadata():
    from pykeen_conj_hale.entry_points import ENTRY_POINTS

    entries = importlib.metadata.distribution("pykeen-conj-hale").entry_points
    listed = {(group, name, value) for group, names in ENTRY_POINTS.items() for name, value in names.items()}
    assert {(entry.group, entry.name, entry.value) for entry in entries if entry.group != "console_scripts"} == listed


def test_first_use_while_ours_is_half_imported(run, copy):
    """A module of ours may use the resolver that it is registered in."""
    path = copy / "pykeen_conj_hale/losses/hale.py"
    path.write_text(
        path.read_text().replace(
            "import torch\n", "import torch, pykeen.losses\npykeen.losses.loss_resolver.options\n", 1
        )
    )
    code = """
import pykeen_conj_hale.losses
from pykeen.losses import loss_resolver
assert loss_resolver.lookup("HaLE") is pykeen_conj_hale.losses.HaLELoss
"""
    assert run(code, copy) == ""


def test_installed_while_a_resolver_is_made(run):
    """Too late to see that its module will be imported, too early for the resolver."""
    code = """
import class_resolver
original = class_resolver.ClassResolver.from_subclasses.__func__

def from_subclasses(*args, **kwargs):
    import pykeen_conj_hale
    return original(*args, **kwargs)

class_resolver.ClassResolver.from_subclasses = classmethod(from_subclasses)
import pykeen.losses
assert pykeen.losses.loss_resolver.lookup("HaLE").__module__ == "pykeen_conj_hale.losses.hale"
assert "pykeen.datasets" not in __import__("sys").modules
"""
    assert run(code) == ""


def test_lazily_imported(run):
    code = """
from importlib.util import LazyLoader, find_spec, module_from_spec
for name in ("pykeen", "pykeen.losses"):
    spec = find_spec(name)
    spec.loader = LazyLoader(spec.loader)
    sys.modules[name] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
import pykeen_conj_hale, pykeen.losses, pykeen.regularizers
found()
all_found()
"""
    assert run(CHECK + code) == ""


def test_first_use_in_many_threads(run):
    code = """
import threading
import pykeen.losses, pykeen_conj_hale
sys.setswitchinterval(1e-5)
failed = []
barrier = threading.Barrier(6)

def use():
    barrier.wait()
    try:
        found()
        all_found()
    except BaseException as error:
        failed.append(repr(error))

def load():
    barrier.wait()
    import pykeen.pipeline

threads = [threading.Thread(target=target) for target in (use, use, load, use, load, use)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join(60)
assert not failed and not any(thread.is_alive() for thread in threads), failed
"""
    assert run(CHECK + code) == ""


def test_entry_points_of_datasets_load():
    """For anyone but PyKEEN's own initialisation."""
    from pykeen_conj_hale import discovery

    ours = [e for e in importlib.metadata.entry_points(group="pykeen.datasets") if e.module == discovery.__name__]
    assert {entry.name for entry in ours} >= {"WN18RRAll", "FB15k237All", "CoDExSmallAll"}
    for entry in ours:
        assert entry.load().__name__ == entry.name
    with pytest.raises(AttributeError):
        _ = discovery.datasets.NoSuchDataset
