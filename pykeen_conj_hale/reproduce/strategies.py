"""Training strategies by name: the one place where their hyper-parameters are.

Each is a part of a configuration of PyKEEN's pipeline. What PyKEEN's ``get_configuration_errors`` wants to see is given
in full, defaults included.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any, Final

from ..losses import HaLELoss
from ..training.learning_rate import WARMUP, scaled_learning_rate

__all__ = ["STRATEGIES", "TUNED", "paper_row", "settings"]


def _queries(loss: str, batch_size: int = 1_024, **loss_kwargs: Any) -> dict[str, Any]:
    """Train on queries against all entities."""
    return dict(
        loss=loss,
        loss_kwargs=dict(reduction="mean", **loss_kwargs),
        training_loop="QuerySampling",
        training_kwargs=dict(batch_size=batch_size),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=round(scaled_learning_rate(HaLELoss.learning_rate, batch_size), 3)),
        lr_scheduler="BudgetCosine",
        lr_scheduler_kwargs=dict(warmup=WARMUP),
        model_kwargs=dict(relation_scale=True, tail_bias=False),
    )


def _hale(activation: str = "hanon", square: bool = True, **loss_kwargs: Any) -> dict[str, Any]:
    return _queries(
        "HaLE", batch_size=2_048, activation=activation, square=square, alpha=0.05, lambda_=1.0, **loss_kwargs
    )


def _negatives(loss: str, activation: str = "none", **loss_kwargs: Any) -> dict[str, Any]:
    """Train on sampled negatives, by PyKEEN's sLCWA loop.

    The grid of the paper's baselines has these values; the smallest number of negatives, as a step costs in proportion.
    """
    return dict(
        _queries(loss, activation=activation, margin=3.0, **loss_kwargs),
        training_loop="BudgetedSLCWA",
        training_kwargs=dict(batch_size=512, num_negs_per_pos=50),
        optimizer_kwargs=dict(lr=0.005),
    )


def _without_scale(strategy: dict[str, Any]) -> dict[str, Any]:
    return dict(strategy, model_kwargs=dict(strategy["model_kwargs"], relation_scale=False))


#: The settings of each strategy. "HA" is HaLE's activation with another loss
STRATEGIES: Final[Mapping[str, Mapping[str, Any]]] = {
    "HaLE": _hale(gamma=5.0),
    "SamNeg": _negatives("SamNeg", pos_weight=50.0),
    "AdvNeg": _negatives("AdvNeg", adversarial_temperature=1.0),
    "AllNeg": _queries("AllNeg", activation="none"),
    # a scale could become 0 in place of the distances
    "NonNeg": _without_scale(_queries("NonNeg", activation="none", lambda_=1.0)),
    "HA+SamNeg": _negatives("SamNeg", activation="hanon", gamma=5.0, pos_weight=50.0),
    "HA+AllNeg": _queries("AllNeg", activation="hanon", gamma=5.0),
    "HaLE-no-activation": _hale(activation="none"),
    "HaLE-no-square": _hale(square=False, gamma=5.0),
    "HaLE-no-scale": _without_scale(_hale(gamma=5.0)),
    "HaLE-halin": _hale(activation="halin", gamma=5.0),
    "HaLE-2x": _hale(activation="2x"),
    "HaLE-xexp": _hale(activation="xexp"),
    "HaLE-2artanh": _hale(activation="2artanh"),
}


def _tuned(
    argument: str, what: Mapping[str, Any], *datasets: str
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Any]]]:
    """Say the same of all strategies whose loss is given an argument: γ, of Hanon and Halin; α, of HaLE."""
    for dataset in datasets:
        for name, strategy in STRATEGIES.items():
            if argument in strategy["loss_kwargs"]:
                yield {"dataset": dataset, "strategy": name}, what


#: What is different for some runs: which ones (by ``strategy``, ``dataset``, ``model``, ``embedding_dim``; any of what
#: is left out), and the settings. A later entry goes before an earlier one.
TUNED: list[tuple[Mapping[str, Any], Mapping[str, Any]]] = [
    # by the validation MRR of RotL on FB15k-237, and of RotE on CoDEx-S for all three: docs/results.md
    *_tuned("gamma", {"loss_kwargs": {"gamma": 10.0}}, "FB15k-237", "CoDEx-S", "CoDEx-M", "CoDEx-L"),
    *_tuned("alpha", {"loss_kwargs": {"lambda_": 0.25}}, "CoDEx-S", "CoDEx-M", "CoDEx-L"),
    *_tuned(
        "alpha",
        {
            "loss_kwargs": {"lambda_": 0.5},
            "regularizer": "N3",
            "regularizer_kwargs": {"weight": 1.0, "apply_only_once": False},
        },
        "FB15k-237",
    ),
]

#: Names of the paper's rows in ``hale.json`` where they differ from ours. Its row of negative sampling is the better of
#: uniform and self-adversarial weights
_PAPER_ROWS: Final[Mapping[str, str]] = {
    "SamNeg": "negative_sampling",
    "AdvNeg": "negative_sampling",
    "HA+SamNeg": "activation_with_negative_sampling",
    "HA+AllNeg": "activation_with_all_negatives",
    "HaLE-no-activation": "no_activation",
    "HaLE-no-square": "no_positive_square",
    "HaLE-no-scale": "no_relation_scale",
}


def settings(strategy: str, **cell: Any) -> dict[str, Any]:
    """Get the settings of a strategy for a cell.

    :param strategy: the name of the strategy
    :param cell: the ``dataset``, ``model`` and ``embedding_dim`` of the cell
    :return: a part of a configuration of PyKEEN's pipeline
    """
    cell["strategy"] = strategy
    merged = deepcopy(dict(STRATEGIES[strategy]))
    for where, what in TUNED:
        if all(cell[name] == value for name, value in where.items()):
            _merge(merged, what)
    return merged


def paper_row(strategy: str) -> str:
    """Get the name of the paper's row for a strategy.

    :param strategy: the name of the strategy
    :return: the name in ``hale.json``, which need not have the row
    """
    return _PAPER_ROWS.get(strategy, strategy)


def _merge(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    """Update a dictionary, and the dictionaries in it."""
    for name, value in source.items():
        if isinstance(value, Mapping) and isinstance(target.get(name), dict):
            _merge(target[name], value)
        else:
            target[name] = deepcopy(value)
