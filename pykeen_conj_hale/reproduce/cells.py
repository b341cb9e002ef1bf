"""Cells of the paper's tables and figures: what is trained for each."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import shlex
from collections.abc import Mapping
from typing import Any, Final

from ..training.choice import PIPELINE_EPOCHS
from .paper import Paper
from .papers import HALE, PAPERS
from .plan import Budget

__all__ = ["Cell", "fingerprint"]

#: The number of evaluations in a training
_EVALUATIONS: Final = 20
#: Of a training by epochs: the whole number of epochs from one to the next is the largest that divides all epochs
_EVALUATIONS_BY_EPOCHS: Final = 5


@dataclasses.dataclass(frozen=True)
class Cell:
    """A cell of a table, and the seed and the time to train it with."""

    table: str
    dataset: str
    model: str
    strategy: str
    embedding_dim: int
    #: The seconds of training; None if it is trained for epochs
    seconds: float | None
    seed: int
    #: The epochs of training; None if it is trained for seconds
    epochs: int | None = None
    #: The name of the paper
    paper: str = HALE.name

    def __str__(self) -> str:
        return (
            f"{self.model} with {self.strategy} on {self.dataset}, d = {self.embedding_dim}, {self.budget}, "
            f"seed {self.seed}"
        )

    @property
    def of(self) -> Paper:
        """The paper."""
        return PAPERS[self.paper]

    @property
    def budget(self) -> Budget:
        """How long it is trained."""
        return Budget.of({"seconds": self.seconds, "epochs": self.epochs})

    @property
    def facts(self) -> dict[str, Any]:
        """The cell without its table, as runs of several tables can be the same, and without what it has none of."""
        facts = {name: value for name, value in dataclasses.asdict(self).items() if name != "table"}
        return {name: value for name, value in facts.items() if value is not None or name == "seconds"}

    @property
    def key(self) -> str:
        """The name of the run. Tables share a run with the same configuration and seed."""
        return (
            f"{self.dataset}-{self.model}-{self.strategy}-d{self.embedding_dim}-{str(self.budget).replace(' ', '')}-"
            f"seed{self.seed}-{fingerprint(self.configuration()['pipeline'])}"
        )

    @property
    def figures(self) -> Mapping[str, float]:
        """The paper's figures of the cell: see :meth:`~pykeen_conj_hale.reproduce.paper.Paper.figures`."""
        return self.of.figures(self.table, self.dataset, self.strategy, self.model)

    @property
    def default_budget(self) -> Budget:
        """The budget where nothing else is said: see :meth:`~pykeen_conj_hale.reproduce.paper.Paper.budget`."""
        return self.of.budget(self.dataset, self.model, self.strategy, self.embedding_dim)

    @property
    def command(self) -> str:
        """The command that runs the cell."""
        words = ["pykeen-conj-hale", "reproduce"]
        if self.paper != HALE.name:
            words += ["--paper", self.paper]
        for name in ("table", "dataset", "model", "strategy", "seed"):
            words += [f"--{name}", str(getattr(self, name))]
        if self.budget != self.default_budget:
            option = "--epochs" if self.seconds is None else "--seconds"
            words += [option, f"{self.budget.amount:.10g}"]
        return shlex.join(words)

    def configuration(self) -> dict[str, Any]:
        """Get the configuration of PyKEEN's pipeline: the paper's protocol with the strategy's settings.

        Evaluation is not charged to the budget, and the best model on the validation triples is the result.

        :return: as ``pykeen experiments run`` takes it
        """
        chosen = self.of.settings(
            self.strategy, dataset=self.dataset, model=self.model, embedding_dim=self.embedding_dim
        )
        model, limit = self.of.models[self.model], self._limit(chosen["training_kwargs"], chosen["training_loop"])
        metadata = {"title": str(self), "reference": self.of.reference}
        pipeline = dict(
            dataset=self.of.datasets[self.dataset],
            dataset_kwargs=dict(create_inverse_triples=True),
            model=model.name,
            model_kwargs={"embedding_dim": self.embedding_dim, **model.kwargs, **chosen.pop("model_kwargs")},
            **{**chosen, "training_kwargs": limit.pop("training_kwargs")},
            **limit,
            evaluator="IndexedRankBased",
            random_seed=self.seed,
        )
        configuration: dict[str, Any] = dict(metadata=metadata, pipeline=pipeline)
        if self.figures:
            # PyKEEN compares with them
            figures = {metric.replace("@", "_at_"): value for metric, value in self.figures.items()}
            configuration["results"] = {"both": {"realistic": figures}}
        return configuration

    def _limit(self, training_kwargs: dict[str, Any], training_loop: str) -> dict[str, Any]:
        """Write the budget, and when to evaluate, as arguments of the pipeline."""
        training_kwargs.pop("num_epochs", None)
        loop_kwargs: dict[str, Any] = dict(automatic_memory_optimization=False)
        stopper_kwargs: dict[str, Any] = dict(metric="inverse_harmonic_mean_rank")
        if self.epochs is None:
            assert self.seconds is not None
            return dict(
                training_kwargs=training_kwargs,
                training_loop_kwargs=dict(time_budget=self.seconds, **loop_kwargs),
                stopper="Timed",
                stopper_kwargs=dict(seconds=self.seconds * (1 / _EVALUATIONS), **stopper_kwargs),
            )
        if self.epochs == PIPELINE_EPOCHS and training_loop == "QuerySampling":
            # where PyKEEN's own number would mean that none was said
            loop_kwargs.update(choose=False)
        longest = max(1, self.epochs // _EVALUATIONS_BY_EPOCHS)
        frequency = max(number for number in range(1, longest + 1) if self.epochs % number == 0)
        return dict(
            training_kwargs=dict(num_epochs=self.epochs, **training_kwargs),
            training_loop_kwargs=loop_kwargs,
            stopper="early",
            # the patience is that of all epochs
            stopper_kwargs=dict(frequency=frequency, patience=self.epochs, relative_delta=0.0, **stopper_kwargs),
        )


def fingerprint(pipeline: Mapping[str, Any]) -> str:
    """Describe the arguments of a pipeline in eight digits, whatever the seed.

    :param pipeline: the arguments
    :return: the start of their SHA-256 in hexadecimal digits
    """
    arguments = {name: value for name, value in pipeline.items() if name != "random_seed"}
    return hashlib.sha256(json.dumps(arguments, sort_keys=True).encode()).hexdigest()[:8]
