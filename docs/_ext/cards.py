"""A card per model, loss and dataset: under its docstring the name in PyKEEN, the citation, and what was measured."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from docdata import get_docdata
from measured.cards import WHEN, measured

if TYPE_CHECKING:
    from sphinx.application import Sphinx


def describe(docdata: Mapping[str, Any]) -> list[str]:
    """Write what docdata says about a class as fields of reStructuredText.

    :param docdata: the part of a docstring below ``---``
    :return: the lines
    """
    lines = [f":In PyKEEN: ``{docdata['name']}``"] if "name" in docdata else []
    citation = docdata.get("citation", {})
    if "author" in citation and "year" in citation:
        text = f"{citation['author']} et al., {citation['year']}"
        link = citation.get("link")
        lines.append(f":Citation: `{text} <{link}>`__" if link else f":Citation: {text}")
    if "github" in citation:
        lines.append(f":Code of the authors: `{citation['github']} <https://github.com/{citation['github']}>`__")
    return lines


def add_card(app: Sphinx, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Put a class's docdata under its docstring, wherever autodoc shows it."""
    if what != "class" or not inspect.isclass(obj) or "__docdata__" not in vars(obj):
        return
    card = describe(get_docdata(obj))
    if obj.__name__ in WHEN:
        card.append(f":When to take it: {WHEN[obj.__name__]}".replace("`", "``"))
    card += [f":Measured: {'; '.join(found)}" for found in [measured(obj.__name__)] if found]
    if card:
        # above the parameters, which are those of ``__init__``
        first_field = next((index for index, line in enumerate(lines) if line.startswith(":param")), len(lines))
        lines[first_field:first_field] = ["", *card, ""]


def shorten_signature(
    app: Sphinx, what: str, name: str, obj: object, options: object, signature: str | None, returned: str | None
) -> tuple[str | None, str | None]:
    """Write functions that are defaults by their names."""
    return signature and re.sub(r"<function (\w+)(?: at 0x\w+)?>", r"\1", signature), returned


def setup(app: Sphinx) -> dict[str, Any]:
    """Join Sphinx."""
    app.connect("autodoc-process-docstring", add_card)
    app.connect("autodoc-process-signature", shorten_signature)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
