"""Recorded lines: read, and chosen by what they say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

__all__ = ["DOCS", "MRR", "TITLES", "Line", "only", "read", "reals"]

DOCS: Final = Path(__file__).resolve().parents[1]

#: PyKEEN's name of the mean reciprocal rank
MRR: Final = "inverse_harmonic_mean_rank"

Line = dict[str, Any]

#: Recorded names of graphs, and how they are written
TITLES: Final = {
    "kinships": "Kinships",
    "umls": "UMLS",
    "nations": "Nations",
    "CoDEx-small-all": "CoDEx-S",
    "CoDEx-medium-all": "CoDEx-M",
    "FB15k237-all": "FB15k-237",
    "WN18RR-all": "WN18RR",
}
#: Models whose dimension counts complex numbers
_COMPLEX: Final = ("ConjComplEx", "FiveStarE", "ConjFiveStarE", "QueryComplEx", "QueryRotatE")


def reals(line: Line) -> int:
    """Count the real numbers per entity.

    :param line: a run, with its ``model`` and ``dim``
    :return: their number
    """
    return int(line["dim"]) * (2 if line["model"] in _COMPLEX else 1)


def read(name: str, **conditions: Any) -> list[Line]:
    """Read the lines of a file of ``docs/results``.

    :param name: the file's name without ``.jsonl``
    :param conditions: what a line must say; what it does not say is None
    :return: the lines, in the file's order
    """
    text = (DOCS / "results" / f"{name}.jsonl").read_text(encoding="utf-8")
    lines = map(json.loads, text.splitlines())
    return [line for line in lines if all(line.get(key) == value for key, value in conditions.items())]


def only(name: str, **conditions: Any) -> Line:
    """Read the one line that says something.

    :param name: as of :func:`read`
    :param conditions: as of :func:`read`
    :return: the line
    :raises ValueError: if there is none, or more than one
    """
    lines = read(name, **conditions)
    if len(lines) != 1:
        raise ValueError(f"{len(lines)} lines of {name}.jsonl have {conditions}, not one")
    return lines[0]
