"""The papers that are reproduced, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from . import conjugate, hyper, hyperbolic, strategies, tables
from .paper import Paper

__all__ = ["HALE", "HYPER", "HYPERBOLIC", "PAPERS"]

HALE: Final = Paper(
    name="hale",
    title="HaLE",
    reference="https://arxiv.org/abs/2201.00565",
    introduction="""\
Beside what [Wang et al. (2022)](https://arxiv.org/abs/2201.00565) report. Test triples, filtered ranks against all
entities, both directions, the best model on the validation triples within the time of training. Evaluation is not
counted as training. Ours are medians over seeds. The paper's were trained on a GTX 1070; its row of negative sampling,
the better of uniform and self-adversarial weights, is beside all of ours (SamNeg, AdvNeg, AdvNeg-tuned).
""",
    datasets=tables.DATASETS,
    models=tables.MODELS,
    strategies=strategies.STRATEGIES,
    tables=tables.TABLES,
    settings=strategies.settings,
)

CONJUGATE: Final = Paper(
    name="conjugate",
    title="Conjugate sharing",
    reference="https://arxiv.org/abs/2404.11809",
    introduction="""\
[Feng et al. (2022)](https://arxiv.org/abs/2404.11809) claim for relations that share parameters by conjugation: half
the memory, an accuracy comparable to that of the unshared model, and of 5\\*E 31 % less time. Test triples, filtered
ranks against all entities, both directions, the best of the epochs on the validation triples. Ours are medians over
seeds. The paper has none of these sizes. Its columns hold public figures of the unshared ComplEx instead, those of 25
dimensions beside our 26.
""",
    datasets=conjugate.DATASETS,
    models=conjugate.MODELS,
    strategies=conjugate.STRATEGIES,
    tables=conjugate.TABLES,
    settings=conjugate.settings,
    measures_costs=True,
)

HYPER: Final = Paper(
    name="hyper",
    title="HypER",
    reference="https://arxiv.org/abs/1808.07018",
    introduction="""\
Beside the final figures of [Balažević et al. (2019)](https://arxiv.org/abs/1808.07018), whatever time they took. Test
triples, filtered ranks against all entities, both directions, the best model on the validation triples within the time
of training. Evaluation is not counted as training. Ours are medians over seeds. ConvE is PyKEEN's, in the same time.
""",
    datasets=hyper.DATASETS,
    models=hyper.MODELS,
    strategies=hyper.STRATEGIES,
    tables=hyper.TABLES,
    settings=hyper.settings,
)

HYPERBOLIC: Final = Paper(
    name="hyperbolic",
    title="RotH, RefH and AttH",
    reference="https://arxiv.org/abs/2005.00545",
    introduction="""\
Beside the final figures of [Chami et al. (2020)](https://arxiv.org/abs/2005.00545), which took 82 to 276 minutes on a
GTX 1070; those of the Euclidean models are not packaged. Test triples, filtered ranks against all entities, both
directions, the best model on the validation triples within the time of training. Evaluation is not counted as training.
Ours are medians over seeds.
""",
    datasets=hyperbolic.DATASETS,
    models=hyperbolic.MODELS,
    strategies=hyperbolic.STRATEGIES,
    tables=hyperbolic.TABLES,
    settings=hyperbolic.settings,
)

#: By name; the first is the one that is meant where none is named
PAPERS: Final[Mapping[str, Paper]] = {paper.name: paper for paper in (HALE, CONJUGATE, HYPER, HYPERBOLIC)}
