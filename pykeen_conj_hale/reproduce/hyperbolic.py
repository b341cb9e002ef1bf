"""The paper of RotH, RefH and AttH: logistic loss with 50 negatives, biases of head and tail, small entities at first.

Rates, optimizers and batches are those of the authors' scripts for RotH, also for the models that have none. Their
negatives replace head and tail at once on WN18RR; those of PyKEEN's sampler replace one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .plan import Model, Strategy, Table, Tuning, settle

__all__ = ["DATASETS", "MODELS", "STRATEGIES", "TABLES", "TUNED", "settings"]

#: PyKEEN's names of the datasets, with all entities
DATASETS: Final[Mapping[str, str]] = {"WN18RR": "wn18rrall", "FB15k-237": "fb15k237all"}

#: N(0, 0.001²)
_SMALL: Final[Mapping[str, Any]] = dict(std=0.001)
_COMMON: Final[Mapping[str, Any]] = dict(
    relation_scale=False,
    head_bias=True,
    tail_bias=True,
    entity_initializer_kwargs=_SMALL,
    translation_initializer_kwargs=_SMALL,
)

MODELS: Final[Mapping[str, Model]] = {
    # the parameter of the curvature starts at 1, which makes a curvature of 1.31
    **{name: Model(name, dict(_COMMON, curvature_initializer="ones")) for name in ("RotH", "RefH", "AttH")},
    **{name: Model(name, _COMMON) for name in ("RotE", "RefE", "AttE")},
}

STRATEGIES: Final[Mapping[str, Strategy]] = {
    "logistic": Strategy(
        "logistic",
        dict(
            loss="softplus",
            loss_kwargs=dict(reduction="mean"),
            training_loop="BudgetedSLCWA",
            negative_sampler="basic",
            negative_sampler_kwargs=dict(num_negs_per_pos=50),
            training_kwargs=dict(batch_size=500),
            model_kwargs={},
            optimizer="Adam",
            optimizer_kwargs=dict(lr=0.001),
        ),
    )
}

TUNED: Final[list[Tuning]] = [
    (dict(dataset="FB15k-237"), dict(optimizer="Adagrad", optimizer_kwargs=dict(lr=0.05))),
    (dict(dataset="WN18RR", model="RotE"), dict(training_kwargs=dict(batch_size=100))),
]

TABLES: Final[Mapping[str, Table]] = {
    "low-dimensional": Table("Low-dimensional", 32, tuple(DATASETS), tuple(MODELS), ("logistic",)),
}


def settings(strategy: str, **cell: Any) -> dict[str, Any]:
    """Get the settings of a strategy for a cell.

    :param strategy: the name of the strategy
    :param cell: the ``dataset``, ``model`` and ``embedding_dim`` of the cell
    :return: a part of a configuration of PyKEEN's pipeline
    """
    return settle(STRATEGIES[strategy], TUNED, **cell)
