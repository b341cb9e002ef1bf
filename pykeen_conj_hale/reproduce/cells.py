"""Cells of the paper's tables and figures: what is trained for each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from .paper import paper_figures, paper_seconds
from .strategies import paper_row, settings
from .tables import DATASETS, MODELS

__all__ = ["Cell", "fingerprint"]

#: The share of the time of training from one evaluation to the next
_EVALUATION_INTERVAL: Final = 1 / 20


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
        """The cell without its table: runs of several tables can be the same."""
        return {name: value for name, value in dataclasses.asdict(self).items() if name != "table"}

    @property
    def key(self) -> str:
        """The name of the run. Tables share a run with the same configuration and seed."""
        return (
            f"{self.dataset}-{self.model}-{self.strategy}-d{self.embedding_dim}-{self.seconds:.10g}s-seed{self.seed}-"
            f"{fingerprint(self.configuration()['pipeline'])}"
        )

    @property
    def paper(self) -> Mapping[str, float] | None:
        """The paper's figures of the cell: see :func:`~pykeen_conj_hale.reproduce.paper.paper_figures`."""
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
            stopper_kwargs=dict(seconds=self.seconds * _EVALUATION_INTERVAL, metric="inverse_harmonic_mean_rank"),
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
