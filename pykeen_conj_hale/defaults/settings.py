"""What to train with, as arguments of PyKEEN's pipeline."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from ..wording import count

__all__ = ["Settings"]


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that a training is set to, as plain data: numbers, texts, and mappings of them."""

    #: The kind of graph that the settings were found for: a name in :data:`~pykeen_conj_hale.defaults.table.KINDS`
    kind: str
    model: str
    loss: str
    #: The number of triples per batch that the learning rate is for
    batch_size: int
    #: The number of triples of an epoch, with inverse ones
    triples_per_epoch: int
    #: The epochs of a training without a time budget
    num_epochs: int
    #: Adam's learning rate η₀, before the schedule
    learning_rate: float
    #: The share of the training in which the learning rate rises
    warmup: float
    model_kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    loss_kwargs: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    #: The weight of the N3 regularizer; 0 for none
    n3: float = 0.0
    #: The time budget in seconds; None to train ``num_epochs``
    seconds: float | None = None

    @property
    def fitting_batch_size(self) -> int:
        """The batch size, or all triples if these are fewer: a larger batch would be none where the last is dropped."""
        return min(self.batch_size, self.triples_per_epoch)

    def pipeline_kwargs(self) -> dict[str, Any]:
        """Give the arguments of :func:`pykeen.pipeline.pipeline`, all but the dataset; JSON can hold them.

        Everything is said in them: ``choose=False`` lets the loop take them at their word.

        :return: a new dictionary; ``create_inverse_triples=True`` belongs to the dataset, and is not in it
        """
        budget = {} if self.seconds is None else {"time_budget": self.seconds}
        kwargs: dict[str, Any] = dict(
            model=self.model,
            model_kwargs=dict(self.model_kwargs),
            loss=self.loss,
            loss_kwargs=dict(self.loss_kwargs),
            optimizer="Adam",
            optimizer_kwargs=dict(lr=self.learning_rate),
            lr_scheduler="BudgetCosine",
            lr_scheduler_kwargs=dict(warmup=self.warmup),
            training_loop="QuerySampling",
            training_loop_kwargs=dict(choose=False, **budget),
            training_kwargs=dict(num_epochs=self.num_epochs, batch_size=self.fitting_batch_size),
        )
        if self.n3:
            kwargs.update(regularizer="N3", regularizer_kwargs=dict(weight=self.n3))
        return deepcopy(kwargs)

    def learning_rate_for(self, batch_size: int) -> float:
        r"""Compute the learning rate for another batch size B, in proportion to :math:`\sqrt{B}`.

        :param batch_size: the number of triples per batch
        :return: the learning rate
        """
        return self.learning_rate * math.sqrt(batch_size / self.batch_size)

    def summary(self) -> str:
        """Say the settings in one line, for a log."""
        length = count(self.num_epochs, "epoch") if self.seconds is None else f"{self.seconds:g} s"
        parts = [
            f"{self.model}({_arguments(self.model_kwargs)})",
            f"{self.loss}({_arguments(self.loss_kwargs)})",
            f"N3 of weight {self.n3:g}" if self.n3 else "no regularizer",
            f"batches of {self.fitting_batch_size:,}, Adam at {self.learning_rate:g}, {length}",
        ]
        return f"{'; '.join(parts)} (kind of graph: {self.kind})"


def _arguments(kwargs: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in kwargs.items() if value is not None)
