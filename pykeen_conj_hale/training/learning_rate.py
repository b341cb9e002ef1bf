"""What the query-sampling loop chooses for HaLE where nothing is said, by validation (docs/results.md)."""

from __future__ import annotations

import inspect
import logging
import math
from typing import Any

from pykeen.training import TrainingLoop
from torch.optim import Adam, Optimizer

from .budget.schedule import BudgetCosineLR

__all__ = ["BATCH_SIZE", "LEARNING_RATE", "WARMUP", "choose_learning_rate", "scaled_learning_rate"]

logger = logging.getLogger(__name__)

#: The number of triples a batch
BATCH_SIZE = 1_024
#: Adam's learning rate for such batches, and the share of the budget in which it rises
LEARNING_RATE = 0.01
WARMUP = 0.1


def scaled_learning_rate(batch_size: int) -> float:
    r"""Compute Adam's learning rate for a batch size B, :math:`0.01 \sqrt{B / 1024}`.

    :param batch_size: the number of triples a batch
    :return: the learning rate
    """
    return LEARNING_RATE * math.sqrt(batch_size / BATCH_SIZE)


def choose_learning_rate(loop: TrainingLoop[Any], batch_size: int) -> None:
    """Set Adam's learning rate, and its warm-up and decay over the budget, if neither was asked for.

    PyTorch's default, 0.001, is a tenth of what was best by validation. A learning rate that was given,
    also one of 0.001, is left alone, and so is any optimizer but Adam and AdamW.

    :param loop: the loop, changed in place
    :param batch_size: the number of triples a batch
    """
    optimizer, scheduler = loop.optimizer, loop.lr_scheduler
    if not isinstance(optimizer, Adam) or not _is_left_alone(optimizer):
        return
    rate = scaled_learning_rate(batch_size)
    for group in optimizer.param_groups:
        group["lr"] = rate
    if scheduler is None:
        scheduler = loop.lr_scheduler = BudgetCosineLR(optimizer, warmup=WARMUP)
    else:
        scheduler.base_lrs = [rate] * len(optimizer.param_groups)
    logger.info(
        "No learning rate was given: %s has %g, with %s over the training. optimizer_kwargs=dict(lr=...) sets another, "
        "which stays constant without an lr_scheduler.",
        type(optimizer).__name__,
        rate,
        type(scheduler).__name__,
    )


def _is_left_alone(optimizer: Optimizer) -> bool:
    """Tell whether the learning rate is the very object that is the default of the optimizer's class."""
    default = inspect.signature(type(optimizer)).parameters["lr"].default
    return all(group["lr"] is default for group in optimizer.param_groups)
