"""The entry points of this package once more, for programs without its metadata, as frozen ones are.

They are those of ``pyproject.toml``, which a test compares.
"""

from __future__ import annotations

from typing import Final

__all__ = ["ENTRY_POINTS"]

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
