"""The learning rate that the query-sampling loop chooses, by validation (docs/results.md)."""

from __future__ import annotations

import inspect
from typing import Any

from pykeen.training import TrainingLoop
from torch import Tensor
from torch.optim import Adam, Optimizer

from ..defaults.rates import BATCH_SIZE, WARMUP, scaled_learning_rate
from .budget.schedule import BudgetCosineLR
from .optimizer import base_rate

__all__ = ["BATCH_SIZE", "WARMUP", "choose_learning_rate", "scaled_learning_rate"]


def choose_learning_rate(loop: TrainingLoop[Any], rate: float | None) -> bool:
    """Set Adam's learning rate, and its warm-up and decay over the budget, if the rate is PyTorch's default.

    That is 0.001, a tenth of what was best for HaLE by validation. Any other rate, and any optimizer but Adam and
    AdamW, is left alone. A schedule may have changed the rate; what counts is the one from which it begins.

    :param loop: the loop, changed in place
    :param rate: the learning rate; None to change nothing
    :return: whether something was set
    """
    optimizer, scheduler = loop.optimizer, loop.lr_scheduler
    if rate is None or not isinstance(optimizer, Adam) or not _has_default_rate(optimizer):
        return False
    for group in optimizer.param_groups:
        group["lr"] = group["initial_lr"] = rate
    if scheduler is None:
        loop.lr_scheduler = BudgetCosineLR(optimizer, warmup=WARMUP)
    else:
        scheduler.base_lrs = [rate] * len(optimizer.param_groups)
    return True


def _has_default_rate(optimizer: Optimizer) -> bool:
    """Tell whether the learning rate that the optimizer was given is the default of its class."""
    default = inspect.signature(type(optimizer)).parameters["lr"].default
    rates = map(base_rate, optimizer.param_groups)
    return all(not isinstance(rate, Tensor) and rate == default for rate in rates)
