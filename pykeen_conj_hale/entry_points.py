"""The entry points of this package once more, for programs without its metadata, as frozen ones are; and resolvers.

The entry points are those of ``pyproject.toml``, which a test compares.
"""

from __future__ import annotations

from typing import Final

__all__ = ["DISTRIBUTION", "ENTRY_POINTS", "RESOLVERS"]

#: What is installed, in whose metadata the entry points are
DISTRIBUTION: Final = "pykeen-conj-hale"

#: The resolver of each group of entry points: module and attribute.
RESOLVERS: Final[dict[str, tuple[str, str]]] = {
    "pykeen.models": ("pykeen.models", "model_resolver"),
    "pykeen.interactions": ("pykeen.nn.modules", "interaction_resolver"),
    "pykeen.representations": ("pykeen.nn", "representation_resolver"),
    "pykeen.losses": ("pykeen.losses", "loss_resolver"),
    "pykeen.regularizers": ("pykeen.regularizers", "regularizer_resolver"),
    "pykeen.training_loops": ("pykeen.training", "training_loop_resolver"),
    "pykeen.training_callbacks": ("pykeen.training.callbacks", "callback_resolver"),
    "pykeen.evaluators": ("pykeen.evaluation", "evaluator_resolver"),
    "pykeen.lr_schedulers": ("pykeen.lr_schedulers", "lr_scheduler_resolver"),
    "pykeen.stoppers": ("pykeen.stoppers", "stopper_resolver"),
    "pykeen.datasets": ("pykeen.datasets", "dataset_resolver"),
    "pykeen.lit_modules": ("pykeen.contrib.lightning", "lit_module_resolver"),
}

#: What each name of a group stands for
ENTRY_POINTS: Final[dict[str, dict[str, str]]] = {
    "pykeen.models": {
        "models": "pykeen_conj_hale.models:MODELS",
        "JointGloVe": "pykeen_conj_hale.text:JointGloVe",
        "TextEntities": "pykeen_conj_hale.text:TextEntities",
    },
    "pykeen.representations": {
        "WordBag": "pykeen_conj_hale.text:WordBag",
    },
    "pykeen.interactions": {
        "models": "pykeen_conj_hale.models:INTERACTIONS",
    },
    "pykeen.losses": {
        "losses": "pykeen_conj_hale.losses:LOSSES",
    },
    "pykeen.regularizers": {
        "DURA": "pykeen_conj_hale.regularizers:DURARegularizer",
        "N3": "pykeen_conj_hale.regularizers:N3Regularizer",
    },
    "pykeen.training_loops": {
        "BudgetedLCWA": "pykeen_conj_hale.training:BudgetedLCWATrainingLoop",
        "BudgetedSLCWA": "pykeen_conj_hale.training:BudgetedSLCWATrainingLoop",
        "BudgetedSymmetricLCWA": "pykeen_conj_hale.training:BudgetedSymmetricLCWATrainingLoop",
        "QuerySampling": "pykeen_conj_hale.training:QuerySamplingTrainingLoop",
    },
    "pykeen.evaluators": {
        "IndexedRankBased": "pykeen_conj_hale.evaluation:IndexedRankBasedEvaluator",
    },
    "pykeen.stoppers": {
        "Timed": "pykeen_conj_hale.training:TimedStopper",
    },
    "pykeen.lr_schedulers": {
        "BudgetCosine": "pykeen_conj_hale.training:BudgetCosineLR",
        "BudgetLinear": "pykeen_conj_hale.training:BudgetLinearLR",
    },
    "pykeen.lit_modules": {
        "QuerySampling": "pykeen_conj_hale.training.lightning:QuerySamplingLitModule",
    },
    "pykeen.datasets": {
        "WN18RRAll": "pykeen_conj_hale.discovery:datasets.WN18RRAll",
        "WN18All": "pykeen_conj_hale.discovery:datasets.WN18All",
        "FB15k237All": "pykeen_conj_hale.discovery:datasets.FB15k237All",
        "FB15kAll": "pykeen_conj_hale.discovery:datasets.FB15kAll",
        "YAGO310All": "pykeen_conj_hale.discovery:datasets.YAGO310All",
        "CoDExSmallAll": "pykeen_conj_hale.discovery:datasets.CoDExSmallAll",
        "CoDExMediumAll": "pykeen_conj_hale.discovery:datasets.CoDExMediumAll",
        "CoDExLargeAll": "pykeen_conj_hale.discovery:datasets.CoDExLargeAll",
        "WN18RRInductive": "pykeen_conj_hale.discovery:datasets.WN18RRInductive",
        "FB15k237Inductive": "pykeen_conj_hale.discovery:datasets.FB15k237Inductive",
    },
}
