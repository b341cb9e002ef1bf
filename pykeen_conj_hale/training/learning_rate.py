"""The batch size and the learning rate that the query-sampling loop chooses, by validation (docs/results.md)."""

from __future__ import annotations

import inspect
import logging
import math
from typing import Any

from pykeen.training import TrainingLoop
from torch.optim import Adam, Optimizer

from ..checks import check_number, check_whole
from .budget.schedule import BudgetCosineLR

__all__ = ["BATCH_SIZE", "WARMUP", "choose_learning_rate", "scaled_learning_rate"]

logger = logging.getLogger(__name__)

#: The number of triples per batch
BATCH_SIZE = 1_024
#: The share of the budget in which the learning rate rises
WARMUP = 0.1


def scaled_learning_rate(rate: float, batch_size: int) -> float:
    r"""Compute Adam's learning rate for a batch size B, :math:`\eta \sqrt{B / 1024}`.

    :param rate: the learning rate η for 1,024 triples per batch
    :param batch_size: the number B of triples per batch
    :return: the learning rate
    :raises ValueError: if the batch size is no whole number ≥ 1, or the rate no number > 0
    """
    check_number("rate", rate, above=0)
    check_whole("batch_size", batch_size)
    return rate * math.sqrt(batch_size / BATCH_SIZE)


def choose_learning_rate(loop: TrainingLoop[Any], tuned_rate: float | None, batch_size: int) -> None:
    """Set Adam's learning rate, and its warm-up and decay over the budget, if neither was asked for.

    PyTorch's default, 0.001, is a tenth of what was best for HaLE by validation. A learning rate that was given, also
    one of 0.001, is left alone, and so is any optimizer but Adam and AdamW.

    :param loop: the loop, changed in place
    :param tuned_rate: the learning rate that was best for its loss with 1,024 triples per batch; None to change nothing
    :param batch_size: the number of triples per batch
    """
    optimizer, scheduler = loop.optimizer, loop.lr_scheduler
    if tuned_rate is None or not isinstance(optimizer, Adam) or not _has_default_rate(optimizer):
        return
    rate = scaled_learning_rate(tuned_rate, batch_size)
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


def _has_default_rate(optimizer: Optimizer) -> bool:
    """Tell whether the learning rate is the very object that is the default of the optimizer's class."""
    default = inspect.signature(type(optimizer)).parameters["lr"].default
    return all(group["lr"] is default for group in optimizer.param_groups)
