"""The learning rate of a batch size, and its schedule."""

from __future__ import annotations

import math
from typing import Final

from ..checks import check_number, check_whole

__all__ = ["BATCH_SIZE", "WARMUP", "scaled_learning_rate"]

#: The number of triples per batch for which learning rates are given
BATCH_SIZE: Final = 1_024
#: The share of the training in which the learning rate rises
WARMUP: Final = 0.1


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
