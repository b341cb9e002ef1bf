"""Cells of the paper's tables and figures: what is trained for each, and how to choose some of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pykeen.utils import normalize_string

from ..training.budget.clock import parse_seconds
from .paper import paper_figures, paper_seconds
from .strategies import STRATEGIES, paper_row, settings

__all__ = ["DATASETS", "MODELS", "TABLES", "Cell", "Table", "choose", "fingerprint", "select"]

#: PyKEEN's names of the paper's datasets. With all entities, as the paper ranks them; PyKEEN's validation of
#: configurations wants them normalized
DATASETS: Final[Mapping[str, str]] = {
    "WN18RR": "wn18rrall",
    "FB15k-237": "fb15k237all",
    "CoDEx-S": "codexsmallall",
    "CoDEx-M": "codexmediumall",
    "CoDEx-L": "codexlargeall",
}

#: PyKEEN's names of the paper's models
MODELS: Final[Mapping[str, str]] = {
    "TransE": "QueryTransE",
    "DistMult": "QueryDistMult",
    "RotatE": "QueryRotatE",
    "RotE": "RotE",
    "RotL": "RotL",
}

#: The share of the budget from one evaluation to the next
_EVERY: Final = 1 / 20


@dataclasses.dataclass(frozen=True)
class Table:
    """A table or figure of the paper, all combinations of these."""

    title: str
    embedding_dim: int
    datasets: Sequence[str]
    models: Sequence[str]
    strategies: Sequence[str]


TABLES: Final[Mapping[str, Table]] = {
    "table2": Table("Table 2", 32, ("WN18RR", "FB15k-237"), tuple(MODELS), ("HaLE", "SamNeg", "AdvNeg")),
    "table3": Table("Table 3", 256, ("CoDEx-S", "CoDEx-M", "CoDEx-L"), tuple(MODELS), ("HaLE", "SamNeg", "AdvNeg")),
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


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of a table, and the seed and the time to train it with."""

    table: str
    dataset: str
    model: str
    strategy: str
    embedding_dim: int
    #: The seconds of training
    seconds: float
    seed: int

    def __str__(self) -> str:
        return (
            f"{self.model} with {self.strategy} on {self.dataset}, d = {self.embedding_dim}, {self.seconds:g} s, "
            f"seed {self.seed}"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """What is trained, whichever table it is for."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "table"}

    @property
    def key(self) -> str:
        """What names the run: tables that have the same run share it, and another configuration is another run."""
        return (
            f"{self.dataset}-{self.model}-{self.strategy}-d{self.embedding_dim}-{self.seconds:.10g}s-seed{self.seed}-"
            f"{fingerprint(self.configuration()['pipeline'])}"
        )

    @property
    def paper(self) -> Mapping[str, float] | None:
        """What the paper says of the cell: see :func:`~pykeen_conj_hale.reproduce.paper.paper_figures`."""
        return paper_figures(self.table, self.dataset, paper_row(self.strategy), self.model)

    @property
    def command(self) -> str:
        """The command that runs the cell."""
        words = ["pykeen-conj-hale", "reproduce"]
        for name in ("table", "dataset", "model", "strategy", "seed"):
            words += [f"--{name}", str(getattr(self, name))]
        if self.seconds != paper_seconds(self.dataset):
            words += ["--seconds", f"{self.seconds:.10g}"]
        return shlex.join(words)

    def configuration(self) -> dict[str, Any]:
        """Get the configuration of PyKEEN's pipeline: the paper's protocol with the strategy's settings.

        Evaluation is not charged to the budget, and the best model on the validation triples is the result.

        :return: as ``pykeen experiments run`` takes it
        """
        chosen = settings(self.strategy, dataset=self.dataset, model=self.model, embedding_dim=self.embedding_dim)
        metadata = {"title": str(self), "reference": "https://arxiv.org/abs/2201.00565"}
        pipeline = dict(
            dataset=DATASETS[self.dataset],
            dataset_kwargs=dict(create_inverse_triples=True),
            model=MODELS[self.model],
            model_kwargs=dict(embedding_dim=self.embedding_dim, **chosen.pop("model_kwargs")),
            **chosen,
            training_loop_kwargs=dict(time_budget=self.seconds, automatic_memory_optimization=False),
            stopper="Timed",
            stopper_kwargs=dict(seconds=self.seconds * _EVERY, metric="inverse_harmonic_mean_rank"),
            evaluator="IndexedRankBased",
            random_seed=self.seed,
        )
        configuration: dict[str, Any] = dict(metadata=metadata, pipeline=pipeline)
        if self.paper is not None:
            # PyKEEN compares with them
            figures = {metric.replace("@", "_at_"): value for metric, value in self.paper.items()}
            configuration["results"] = {"both": {"realistic": figures}}
        return configuration


def fingerprint(pipeline: Mapping[str, Any]) -> str:
    """Describe the arguments of a pipeline in eight digits, whatever the seed.

    :param pipeline: the arguments
    :return: the start of their SHA-256 in hexadecimal digits
    """
    arguments = {name: value for name, value in pipeline.items() if name != "random_seed"}
    return hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:8]


def choose(argument: str, names: Iterable[str], choices: Iterable[str]) -> list[str]:
    """Look names up as PyKEEN does: case and hyphens do not matter.

    :param argument: what the names are, for the error
    :param names: the names; all choices if there are none
    :param choices: what there is
    :return: the choices
    :raises ValueError: if there is nothing of a name
    """
    known = {normalize_string(choice): choice for choice in choices}
    chosen = []
    for name in names:
        if normalize_string(name) not in known:
            raise ValueError(f"{argument}={name!r} is unknown; choose one of {', '.join(known.values())}.")
        chosen.append(known[normalize_string(name)])
    return list(dict.fromkeys(chosen)) or list(known.values())


def select(
    tables: Iterable[str] = (),
    datasets: Iterable[str] = (),
    models: Iterable[str] = (),
    strategies: Iterable[str] = (),
    *,
    seconds: float | str | None = None,
    seeds: Iterable[int] = (0,),
) -> list[Cell]:
    """Choose cells; what is left out is any.

    :param tables: names of tables, see :data:`TABLES`
    :param datasets: names of datasets, see :data:`DATASETS`
    :param models: names of models, see :data:`MODELS`
    :param strategies: names of strategies, see :data:`~pykeen_conj_hale.reproduce.strategies.STRATEGIES`
    :param seconds: the seconds of training, or ``"HH:MM:SS"``; the paper's for the dataset by default
    :param seeds: the random seeds
    :return: the cells, those of a seed together
    :raises ValueError: if a name is unknown, or no table has such a cell
    """
    if seconds is not None:
        seconds = parse_seconds("seconds", seconds, positive=True)
    tables = choose("table", tables, TABLES)
    wanted = [choose("dataset", datasets, DATASETS), choose("model", models, MODELS)]
    wanted.append(choose("strategy", strategies, STRATEGIES))
    cells = [
        Cell(name, dataset, model, strategy, table.embedding_dim, seconds or paper_seconds(dataset), seed)
        for seed in dict.fromkeys(seeds)
        for name in tables
        for table in (TABLES[name],)
        for dataset in table.datasets
        for model in table.models
        for strategy in table.strategies
        if dataset in wanted[0] and model in wanted[1] and strategy in wanted[2]
    ]
    if not cells:
        has = "; ".join(
            f"{name}: {', '.join(TABLES[name].datasets)} with {', '.join(TABLES[name].models)} by "
            f"{', '.join(TABLES[name].strategies)}"
            for name in tables
        )
        raise ValueError(f"No cell is chosen. There are: {has}.")
    return cells
