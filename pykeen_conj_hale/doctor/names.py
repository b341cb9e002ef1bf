"""Whether PyKEEN finds our classes by their names, and whose they are if not."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution, packages_distributions
from typing import Any

from ..entry_points import DISTRIBUTION, ENTRY_POINTS, RESOLVERS
from ..wording import count
from .finding import Finding, State, first_line

__all__ = ["check_installation", "check_names"]


def check_installation() -> Iterator[Finding]:
    """Compare the entry points that were installed with those of the code.

    :yields: whether they are the same
    """
    try:
        installed = {(e.group, e.name, e.value) for e in distribution(DISTRIBUTION).entry_points}
    except PackageNotFoundError:
        text = "there are no metadata, as in a frozen program: PyKEEN finds the names once pykeen_conj_hale is imported"
        yield Finding("installation", State.NOTE, text)
        return
    own = {(group, name, value) for group, entries in ENTRY_POINTS.items() for name, value in entries.items()}
    if missing := sorted(f"{name} of {group}" for group, name, _ in own - installed):
        text = f"the entry points are those of another version; missing are {', '.join(missing)}"
        yield Finding("installation", State.BROKEN, text, f"pip install --force-reinstall --no-deps {DISTRIBUTION}")
    else:
        yield Finding("installation", State.OK, f"{count(len(own), 'entry point')}, those of the code")


def check_names() -> Iterator[Finding]:
    """Look each of our names up in PyKEEN's resolvers.

    :yields: a finding per group of names, and one per name that is not ours, or not there
    """
    for group, entries in ENTRY_POINTS.items():
        try:
            resolver = _find_resolver(group)
        except ImportError as error:
            text = f"not looked at, as PyKEEN's module cannot be imported ({first_line(error)})"
            yield Finding(group, State.NOTE, text, "If you need it: pip install 'pykeen-conj-hale[lightning]'")
            continue
        elements = [element for name, value in entries.items() for element in _load(EntryPoint(name, value, group))]
        owners = {_name(resolver, element): _find_owner(resolver, element) for element in elements}
        for element in elements:
            yield from _complain(group, resolver, element)
        if ours := [name for name, owner in owners.items() if owner.startswith(f"{__package__.split('.')[0]}.")]:
            yield Finding(group, State.OK, f"{count(len(ours), 'name')}: {', '.join(ours)}", details=owners)


def _find_resolver(group: str) -> Any:
    module, attribute = RESOLVERS[group]
    return getattr(importlib.import_module(module), attribute)


def _load(entry: EntryPoint) -> list[Any]:
    loaded = entry.load()
    return list(loaded) if isinstance(loaded, list | tuple) else [loaded]


def _name(resolver: Any, element: Any) -> str:
    return str(resolver.normalize(resolver.extract_name(element)))


def _find(resolver: Any, element: Any) -> Any:
    name = _name(resolver, element)
    return resolver.lookup_dict.get(name, resolver.synonyms.get(name))


def _find_owner(resolver: Any, element: Any) -> str:
    found = _find(resolver, element)
    return "" if found is None else f"{found.__module__}.{found.__qualname__}"


def _complain(group: str, resolver: Any, element: Any) -> Iterator[Finding]:
    """Say what is wrong with one name, if something is."""
    name, own = _name(resolver, element), f"{element.__module__}.{element.__qualname__}"
    found = _find_owner(resolver, element)
    if found == own:
        return
    if not found:
        text = f"{name}: PyKEEN does not find {own}"
        yield Finding(group, State.BROKEN, text, "import pykeen_conj_hale before it is looked up; see the log")
        return
    package = found.partition(".")[0]
    owner = ", ".join(packages_distributions().get(package, [])) or package
    yield Finding(
        group,
        State.BROKEN,
        f"{name} is {found}, of {owner}, and not {own}",
        f"Give the class instead of the name, or remove {owner} from this environment.",
        {name: found},
    )
