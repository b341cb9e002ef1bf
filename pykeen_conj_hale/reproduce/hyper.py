"""HypER's paper: its results, those without the hypernetwork, and those of other lengths of filters; ConvE beside them.

Binary cross entropy over all entities (1-N scoring) with label smoothing, reciprocal relations, Adam, batches of 128,
200 dimensions, 32 filters, as published. ConvE is PyKEEN's, under the same settings and the same time.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from .plan import Model, Strategy, Table, Tuning, settle

__all__ = ["DATASETS", "FILTER_LENGTHS", "MODELS", "STRATEGIES", "TABLES", "TUNED", "settings"]

#: PyKEEN's names of the datasets, with all entities
DATASETS: Final[Mapping[str, str]] = {
    "WN18RR": "wn18rrall",
    "FB15k-237": "fb15k237all",
    "CoDEx-S": "codexsmallall",
    "FB15k": "fb15kall",
    "WN18": "wn18all",
    "YAGO3-10": "yago310all",
}

#: PyKEEN's ConvE calls the dropout of the hidden layer that of the output. Both have the dropout of HypER's paper
MODELS: Final[Mapping[str, Model]] = {
    "HypER": Model(
        "HypER",
        dict(
            relation_dim=200,
            num_filters=32,
            filter_length=9,
            input_dropout=0.2,
            feature_map_dropout=0.2,
            hidden_dropout=0.3,
            hypernetwork=True,
            relation_scale=False,
            tail_bias=True,
            head_bias=False,
        ),
    ),
    "ConvE": Model(
        "ConvE",
        dict(
            output_channels=32,
            kernel_height=3,
            kernel_width=3,
            input_dropout=0.2,
            feature_map_dropout=0.2,
            output_dropout=0.3,
            apply_batch_normalization=True,
        ),
    ),
}

#: The filters of the paper's Table 8; 9 is the strategy 1-N itself
FILTER_LENGTHS: Final = (1, 2, 3, 6, 12)


def _one_to_n(**model_kwargs: Any) -> dict[str, Any]:
    """Train on each (head, relation) against all entities."""
    return dict(
        loss="BCEWithLogits",
        loss_kwargs=dict(reduction="mean"),
        training_loop="BudgetedLCWA",
        training_kwargs=dict(batch_size=128, label_smoothing=0.1),
        optimizer="Adam",
        optimizer_kwargs=dict(lr=0.001),
        model_kwargs=model_kwargs,
    )


STRATEGIES: Final[Mapping[str, Strategy]] = {
    strategy.name: strategy
    for strategy in (
        Strategy("1-N", _one_to_n()),
        Strategy("1-N-no-hypernetwork", _one_to_n(hypernetwork=False)),
        *(Strategy(f"1-N-filter-{length}", _one_to_n(filter_length=length)) for length in FILTER_LENGTHS),
    )
}

_DECAY: Final[Mapping[str, Any]] = dict(lr_scheduler="exponential", lr_scheduler_kwargs=dict(gamma=0.995))

#: The authors' README: rate, decay per epoch, dropout, label smoothing
TUNED: Final[list[Tuning]] = [
    (dict(dataset="WN18RR"), dict(optimizer_kwargs=dict(lr=0.005))),
    (dict(dataset="FB15k-237"), dict(_DECAY, optimizer_kwargs=dict(lr=0.0001), model_kwargs=dict(input_dropout=0.3))),
    (
        dict(dataset="FB15k"),
        dict(_DECAY, optimizer_kwargs=dict(lr=0.005), training_kwargs=dict(label_smoothing=0.0)),
    ),
    (dict(dataset="YAGO3-10"), dict(_DECAY)),
]

_SMALL: Final = ("WN18RR", "FB15k-237", "CoDEx-S")

TABLES: Final[Mapping[str, Table]] = {
    "results": Table(
        "Tables 2 and 4 to 7, results", 200, (*_SMALL, "FB15k", "WN18", "YAGO3-10"), tuple(MODELS), ("1-N",)
    ),
    "no-hypernetwork": Table("Without the hypernetwork", 200, _SMALL, ("HypER",), ("1-N", "1-N-no-hypernetwork")),
    "filter-length": Table(
        "Length of filters", 200, _SMALL, ("HypER",), ("1-N", *(f"1-N-filter-{length}" for length in FILTER_LENGTHS))
    ),
}


def settings(strategy: str, **cell: Any) -> dict[str, Any]:
    """Get the settings of a strategy for a cell.

    :param strategy: the name of the strategy
    :param cell: the ``dataset``, ``model`` and ``embedding_dim`` of the cell
    :return: a part of a configuration of PyKEEN's pipeline
    """
    return settle(STRATEGIES[strategy], TUNED, **cell)
