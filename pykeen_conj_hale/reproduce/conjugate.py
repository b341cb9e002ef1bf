"""The conjugation paper's comparison: models that share relations by conjugation, beside those that do not.

Softmax cross entropy, reciprocal relations and N3, for a number of epochs, so that both of a pair see the same triples:
over all entities with Adagrad, as the authors, or over a sample of them with Adam, as models that are named alone are
trained here. Entities and relations start as in the models of this package, which of a pair are the same
distributions, and not at the scale of 0.001 of the authors' code.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from .plan import Model, Strategy, Table, Tuning, settle

__all__ = ["DATASETS", "MODELS", "STRATEGIES", "TABLES", "TUNED", "settings"]

#: PyKEEN's names of the datasets, with all entities
DATASETS: Final[Mapping[str, str]] = {
    "WN18RR": "wn18rrall",
    "FB15k-237": "fb15k237all",
    "CoDEx-S": "codexsmallall",
    "FB15k": "fb15kall",
    "WN18": "wn18all",
    "YAGO3-10": "yago310all",
}

#: What no model of a pair has
_PLAIN: Final[Mapping[str, Any]] = dict(relation_scale=False, tail_bias=False, head_bias=False)
_MAP: Final[Mapping[str, Any]] = dict(_PLAIN, normalization="published")

_COMPLEX: Final[Mapping[str, Model]] = {
    "ComplEx": Model("QueryComplEx", _PLAIN),
    "ConjComplEx": Model("ConjComplEx", _PLAIN, twin="ComplEx"),
}
_CONJUGATE_FIVE_STAR: Final[Mapping[str, Model]] = {
    name: Model("ConjFiveStarE", dict(_MAP, variant=variant), twin="FiveStarE")
    for name, variant in (
        ("ConjFiveStarE", "conjugate"),
        ("ConjFiveStarE-negative", "negative"),
        ("ConjFiveStarE-horizontal", "horizontal"),
        ("ConjFiveStarE-vertical", "vertical"),
    )
}
_FIVE_STAR: Final[Mapping[str, Model]] = {"FiveStarE": Model("FiveStarE", _MAP), **_CONJUGATE_FIVE_STAR}
MODELS: Final[Mapping[str, Model]] = {**_COMPLEX, **_FIVE_STAR}


def _cross_entropy(num_epochs: int, batch_size: int, weight: float, lr: float = 0.1) -> dict[str, Any]:
    """Train on all triples against all entities, with N3."""
    return dict(
        loss="AllNeg",
        loss_kwargs=dict(reduction="mean", activation="none", candidates="all"),
        training_loop="QuerySampling",
        training_kwargs=dict(num_epochs=num_epochs, batch_size=batch_size),
        optimizer="Adagrad",
        optimizer_kwargs=dict(lr=lr),
        regularizer="N3",
        regularizer_kwargs=dict(weight=weight, apply_only_once=False),
        model_kwargs={},
    )


def _sampled(candidates: float, weight: float) -> dict[str, Any]:
    """Train on all triples against a sample of the entities, with N3."""
    settings = _cross_entropy(30, 1_024, weight, lr=0.01)
    settings["loss_kwargs"]["candidates"] = candidates
    return {**settings, "optimizer": "Adam", "lr_scheduler": "BudgetCosine", "lr_scheduler_kwargs": dict(warmup=0.1)}


#: "N3" and "N3-sampled" are for two processor cores, up to 50 dimensions. "N3-full" has the size and settings of the
#: authors, for a GPU
STRATEGIES: Final[Mapping[str, Strategy]] = {
    strategy.name: strategy
    for strategy in (
        Strategy("N3", _cross_entropy(25, 100, 0.05)),
        Strategy("N3-sampled", _sampled(0.1, 0.05)),
        Strategy("N3-full", _cross_entropy(100, 1_000, 0.05)),
    )
}


def _tune(strategy: str, models: Iterable[str], table: Mapping[str, tuple[int, int, float, float]]) -> list[Tuning]:
    """Set epochs, batch size, weight of N3 and learning rate by dataset."""
    return [
        (dict(strategy=strategy, model=model, dataset=dataset), _cross_entropy(*values))
        for model in models
        for dataset, values in table.items()
    ]


_N3_WEIGHTS: Final[Mapping[str, float]] = {"WN18RR": 0.1, "FB15k-237": 0.05, "CoDEx-S": 0.05, "FB15k": 0.01}
_N3_WEIGHTS_FIVE_STAR: Final[Mapping[str, float]] = {**_N3_WEIGHTS, "WN18RR": 0.5, "FB15k-237": 0.1, "FB15k": 0.001}

#: What is different for some runs. A pair has the same settings, but in the authors' own for 5*E
TUNED: Final[list[Tuning]] = [
    *(
        (dict(strategy="N3", model=model, dataset=dataset), dict(regularizer_kwargs=dict(weight=weight)))
        for models, weights in ((_COMPLEX, _N3_WEIGHTS), (_FIVE_STAR, _N3_WEIGHTS_FIVE_STAR))
        for model in models
        for dataset, weight in weights.items()
    ),
    # larger graphs in larger batches; FB15k is for its many relations: their bytes, and the seconds of an epoch
    *(
        (dict(strategy="N3", dataset=name), dict(training_kwargs=dict(batch_size=500)))
        for name in DATASETS
        if name[-1] != "S"
    ),
    (dict(strategy="N3", dataset="FB15k"), dict(training_kwargs=dict(num_epochs=2, batch_size=1_000))),
    # where entities have few triples
    (dict(strategy="N3-sampled", dataset="WN18RR"), _sampled(0.05, 0.1)),
    # Lacroix et al., 2018
    *_tune(
        "N3-full",
        _COMPLEX,
        {"WN18RR": (100, 100, 0.1, 0.1), "FB15k-237": (100, 1_000, 0.05, 0.1), "FB15k": (100, 100, 0.01, 0.1)},
    ),
    # the authors' README
    *_tune(
        "N3-full",
        ["FiveStarE"],
        {
            "FB15k-237": (200, 2_000, 0.1, 0.01),
            "WN18RR": (600, 1_000, 0.5, 0.1),
            "YAGO3-10": (65, 500, 0.0025, 0.1),
            "FB15k": (25, 1_000, 0.001, 0.05),
            "WN18": (400, 500, 0.05, 0.1),
        },
    ),
    *_tune(
        "N3-full",
        _CONJUGATE_FIVE_STAR,
        {
            "FB15k-237": (640, 1_000, 0.1, 0.01),
            "WN18RR": (300, 1_000, 0.5, 0.1),
            "YAGO3-10": (60, 1_000, 0.005, 0.1),
            "FB15k": (20, 1_000, 0.0025, 0.1),
            "WN18": (550, 500, 0.1, 0.05),
        },
    ),
]

_REDUCED: Final = ("WN18RR", "FB15k-237", "CoDEx-S")
#: Where a sample of the entities saves time
_SAMPLED: Final = ("WN18RR", "FB15k-237")

#: ConjComplEx needs an even dimension, so that the public figures of 25 are beside 26
TABLES: Final[Mapping[str, Table]] = {
    "rank26": Table("Sharing, small", 26, _REDUCED, tuple(MODELS), ("N3",)),
    "rank50": Table("Sharing, larger", 50, _REDUCED, tuple(MODELS), ("N3",)),
    "sampled26": Table("Sharing, small, by a sample", 26, _SAMPLED, tuple(MODELS), ("N3-sampled",)),
    "sampled50": Table("Sharing, larger, by a sample", 50, _SAMPLED, tuple(MODELS), ("N3-sampled",)),
    "sampled500": Table("Sharing, large, by a sample", 500, _SAMPLED, tuple(MODELS), ("N3-sampled",)),
    "relations": Table("Sharing, 1,345 relations", 50, ("FB15k",), tuple(MODELS), ("N3",)),
    "full500": Table(
        "Full size, 5*E", 500, ("WN18RR", "FB15k-237", "FB15k", "WN18", "YAGO3-10"), tuple(_FIVE_STAR), ("N3-full",)
    ),
    "full2000": Table("Full size, ComplEx", 2_000, ("WN18RR", "FB15k-237", "FB15k"), tuple(_COMPLEX), ("N3-full",)),
}


def settings(strategy: str, **cell: Any) -> dict[str, Any]:
    """Get the settings of a strategy for a cell.

    :param strategy: the name of the strategy
    :param cell: the ``dataset``, ``model`` and ``embedding_dim`` of the cell
    :return: a part of a configuration of PyKEEN's pipeline
    """
    return settle(STRATEGIES[strategy], TUNED, **cell)
