"""The tables and figures of HaLE's paper: which datasets, models and strategies each has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from .plan import Model, Table

__all__ = ["DATASETS", "MODELS", "TABLES"]

#: PyKEEN's names of the paper's datasets. With all entities, as the paper ranks them; PyKEEN's validation of
#: configurations wants them normalized
DATASETS: Final[Mapping[str, str]] = {
    "WN18RR": "wn18rrall",
    "FB15k-237": "fb15k237all",
    "CoDEx-S": "codexsmallall",
    "CoDEx-M": "codexmediumall",
    "CoDEx-L": "codexlargeall",
}

#: The paper's models
MODELS: Final[Mapping[str, Model]] = {
    "TransE": Model("QueryTransE"),
    "DistMult": Model("QueryDistMult"),
    "RotatE": Model("QueryRotatE"),
    "RotE": Model("RotE"),
    "RotL": Model("RotL"),
}

#: Of tables 2 and 3
_STRATEGIES: Final = ("HaLE", "SamNeg", "AdvNeg", "AdvNeg-tuned")

TABLES: Final[Mapping[str, Table]] = {
    "table2": Table("Table 2", 32, ("WN18RR", "FB15k-237"), tuple(MODELS), _STRATEGIES),
    "table3": Table("Table 3", 256, ("CoDEx-S", "CoDEx-M", "CoDEx-L"), tuple(MODELS), _STRATEGIES),
    "table5": Table(
        "Table 5, ablation",
        32,
        ("WN18RR", "FB15k-237", "CoDEx-M"),
        ("RotL",),
        ("HaLE", "HaLE-no-activation", "HaLE-no-square", "HaLE-no-scale", "HA+SamNeg", "HA+AllNeg"),
    ),
    "figure2-strategies": Table(
        "Figure 2, strategies", 32, ("WN18RR",), ("RotL",), ("HaLE", "SamNeg", "AdvNeg", "AllNeg", "NonNeg")
    ),
    "figure2-activations": Table(
        "Figure 2, activations",
        32,
        ("WN18RR",),
        ("RotL",),
        ("HaLE", "HaLE-no-activation", "HaLE-halin", "HaLE-2x", "HaLE-xexp", "HaLE-2artanh"),
    ),
}
