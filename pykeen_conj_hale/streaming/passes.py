"""Passes over the block of a chunk, as PyTorch runs them; :mod:`~pykeen_conj_hale.streaming.compiled` compiles them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from ..functional.hyperbolic_distance import Slopes, pair_distance, pair_slopes
from .activations import HardnessActivation

__all__ = ["EAGER", "Passes", "running_sum", "weigh"]


def weigh(activation: HardnessActivation, y: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the sum over a chunk of w = exp(-h - reference), and w k'.

    :param activation: the activation, h = a k
    :param y: shape: ``(m, chunk)``, the arguments of k
    :param reference: shape: ``(m, 1)``
    :return: shapes: ``(m, 1)`` and ``(m, chunk)``
    """
    k = activation.unit(y)
    w = torch.add(-reference, k, alpha=-activation.height).exp_()
    return w.sum(dim=-1, keepdim=True), w.mul_(activation.unit_derivative(y, k))


def running_sum(activation: HardnessActivation, y: Tensor, maximum: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """Add a chunk to a sum of exp(-h) whose maximal exponent is taken out.

    :param activation: the activation, h = a k
    :param y: shape: ``(m, chunk)``, the arguments of k
    :param maximum: shape: ``(m, 1)``, the maximum of -h so far
    :param total: shape: ``(m, 1)``, the sum of exp(-h - maximum) so far
    :return: the new maximum and sum
    """
    f = activation.unit(y) * -activation.height
    new = torch.maximum(maximum, f.amax(dim=-1, keepdim=True))
    return new, total * (maximum - new).exp() + f.sub_(new).exp_().sum(dim=-1, keepdim=True)


class Passes(NamedTuple):
    """The passes over the block of a chunk, as written above or compiled."""

    weigh: Callable[..., tuple[Tensor, Tensor]]
    running_sum: Callable[..., tuple[Tensor, Tensor]]
    pair_distance: Callable[..., Tensor]
    pair_slopes: Callable[..., Slopes]


#: The passes as PyTorch runs them, one operation after the other
EAGER = Passes(weigh, running_sum, pair_distance, pair_slopes)
