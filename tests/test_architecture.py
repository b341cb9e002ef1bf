"""Imports of the package go one way, and what PyKEEN keeps private is used in one place."""

import ast
import graphlib
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "pykeen_conj_hale"
FILES = sorted(PACKAGE.rglob("*.py"))

#: The table of docs/architecture.md: rooms (folders, or files at the top of the package), and what they may import
TABLE = re.findall(r"^\| (`.*?) \| (.*?) \|$", (ROOT / "docs/architecture.md").read_text().split("## ")[0], flags=re.M)
#: What any room may use: the table's first line
TOOLS = set(re.findall(r"`([\w.]+)`", TABLE[0][0]))
ROOMS: dict[str, set[str]] = (
    {tool: {"files"} for tool in TOOLS - {"files"}}
    | {"files": set()}
    | {
        room: set(re.findall(r"`([\w.]+)`", allowed.split(": it finds")[0])) | TOOLS
        for rooms, allowed in TABLE[1:]
        for room in re.findall(r"`([\w.]+)`", rooms)
    }
)
ROOMS["figures"].add("messages")
ROOMS["checks"].add("wording")
ROOMS["outputs"].add("locks")
# no rooms: the package itself, which has the version, and its command
ROOMS |= {"__main__": {"cli"}, "__init__": {"discovery"}}
for room in ("reproduce", "workflow", "doctor", "cli"):
    ROOMS[room].add("__init__")
WITHOUT_PYKEEN = (TOOLS - {"devices", "pykeen_internals"}) | {"functional", "streaming"}
#: Where private attributes of others are used: PyKEEN's; Optuna's; those of Python's imports, PyTorch's sparse tensors
PRIVATE = {"training/sparse_rows.py", "pykeen_internals.py", "hpo/database.py", "hpo/journal.py", "discovery.py"}


def module_of(path: Path) -> tuple[str, ...]:
    """Return the parts of a module's name, without the package's own."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts


def imports(path: Path) -> set[str]:
    """Return the names of the modules which a file imports, wherever in it: ours without the package's name."""
    found = set()
    package = path.relative_to(PACKAGE.parent).parent.parts
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            base = (*base, *(node.module or "").split(".")) if node.module else base
            found |= {".".join((*base, alias.name)) for alias in node.names}
    return {strip(name) for name in found}


def strip(name: str) -> str:
    """Return the name of a module of this package without the package's own; what is in no module is the package's."""
    if name.split(".")[0] != PACKAGE.name:
        return name
    inside = name.split(".")[1:]
    known = {module_of(path)[0] for path in FILES}
    return "our " + (".".join(inside) if inside and inside[0] in known else "__init__")


def is_allowed(name: str, allowed: set[str]) -> bool:
    """Tell whether a module, or a name in it, is among rooms and modules."""
    return any(f"{name}.".startswith(f"{prefix}.") for prefix in allowed)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path):
    room = module_of(path)[0]
    assert room in ROOMS, f"{room} is a new room: say in docs/architecture.md what it may import"
    names = {name.removeprefix("our ") for name in imports(path) if name.startswith("our ")}
    assert {name for name in names if not is_allowed(name, ROOMS[room] | {room})} == set()
    if room in WITHOUT_PYKEEN:
        assert {name for name in imports(path) if name.split(".")[0] == "pykeen"} == set()


def test_the_table_itself_goes_one_way():
    assert set(ROOMS) == {module_of(path)[0] for path in FILES}
    table = {room: {name.split(".")[0] for name in allowed} for room, allowed in ROOMS.items()}
    order = list(graphlib.TopologicalSorter(table).static_order())  # a circle is a CycleError
    assert order.index("functional") < order.index("streaming") < order.index("nn") < order.index("models")
    assert [room for room in ROOMS if "discovery" in ROOMS[room]] == ["__init__"]


def test_the_test_sees_every_form_of_import(tmp_path, monkeypatch):
    path = PACKAGE / "nn" / "imagined.py"
    text = """
from .. import models, __version__
from ..training.budget import clock
from .query import Query
import pykeen_conj_hale.text.vectors as vectors
def later():
    from pykeen_conj_hale import hpo
    import pykeen.models
"""
    monkeypatch.setattr(Path, "read_text", lambda self: text)
    ours = {"models", "__init__", "training.budget.clock", "nn.query.Query", "text.vectors", "hpo"}
    assert imports(path) == {f"our {name}" for name in ours} | {"pykeen.models"}


def private_uses(text: str) -> set[str]:
    """Return the private attributes of others' objects which a module uses.

    Those of ``self``, ``cls`` and ``super()`` are a class's own or its base's; a name that the module itself defines is
    that of its own classes.
    """
    own, used = set(), set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            own.add(node.name)
        elif isinstance(node, ast.Attribute):
            owner = ast.unparse(node.value)
            if owner in {"self", "cls", "super()"}:
                own |= {node.attr} if isinstance(node.ctx, ast.Store) else set()
            else:
                used.add(node.attr)
        elif isinstance(node, ast.Call) and ast.unparse(node.func) in {"getattr", "setattr", "hasattr", "delattr"}:
            used |= {arg.value for arg in node.args[1:2] if isinstance(arg, ast.Constant)}
    return {name for name in used - own if name.startswith("_") and not name.startswith("__")}


def test_private_attributes_of_others_are_used_in_one_place():
    found = {path.relative_to(PACKAGE).as_posix(): private_uses(path.read_text()) for path in FILES}
    assert {name: used for name, used in found.items() if used and name not in PRIVATE} == {}
    # those are looked into: what they are for is there
    assert {"_get_representations", "_plain_forward", "_embeddings"} <= found["pykeen_internals.py"]
    assert (found["hpo/journal.py"], found["discovery.py"]) == ({"_trial_id"}, {"_initializing"})
    assert found["hpo/database.py"] == {"_backend"}
    assert found["training/sparse_rows.py"] == {"_indices", "_values"}
