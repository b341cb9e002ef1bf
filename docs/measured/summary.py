"""The short table of the first page of the repository."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from .accuracy import full_runs
from .lines import MRR, only
from .markdown import rate, table
from .speed import BENCHMARKS

__all__ = ["TABLES"]


def short() -> str:
    """Compare on WN18RR, 32 numbers per entity, two cores: this package beside PyKEEN."""
    ours, theirs = (
        only("wn18rr_conj_complex", model=name, real_parameters_an_entity=32) for name in ("ConjComplEx", "ComplEx")
    )
    (best,) = (line for line in full_runs("WN18RR") if line["model"] == "RotL")
    reached, limit = only("time_to_mrr", way="RotL"), only("time_to_mrr", way="RotatE")
    epoch = _column("epoch", "s")
    evaluation = {name: float(value) / 1000 for name, value in _column("evaluation", "ms").items()}
    rows = [
        [
            "seconds until validation MRR .40",
            f"{reached['passed_at']:.0f} (RotL)",
            f"more than {limit['curve'][-1][0]:.0f} (ComplEx, RotatE)",
        ],
        [
            f"test MRR after {ours['seconds']:.0f} s",
            f"{rate(ours[MRR])} (ConjComplEx), {rate(best['test']['mrr'])} (RotL)",
            f"{rate(theirs[MRR])} (ComplEx)",
        ],
        [
            "seconds per epoch",
            f"{float(epoch['RotE, HaLE']):.1f} (RotE)",
            f"{float(epoch['TransE, NSSA']):.1f} (TransE, NSSA), {float(epoch['ComplEx, LCWA']):.1f} (ComplEx, LCWA)",
        ],
        [
            "seconds of the filtered evaluation",
            f"{evaluation['RotE, IndexedRankBased']:.1f} (RotE)",
            f"{evaluation[PYKEENS_EVALUATION]:.1f} (TransE)",
        ],
    ]
    return table(["WN18RR, 32 real numbers per entity, two CPU cores", "this package", "PyKEEN"], rows)


PYKEENS_EVALUATION: Final = "TransE, PyKEEN's RankBased, batch 32"


def _column(benchmark: str, key: str) -> dict[str, str]:
    return {row["name"]: row[key] for row in only("benchmarks", benchmark=BENCHMARKS[benchmark])["rows"]}


TABLES: Final[dict[str, Callable[[], str]]] = {"short": short}
