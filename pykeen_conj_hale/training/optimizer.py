"""Optimizers: fused ones, which are the fastest, and what PyKEEN needs to make one again, or to go on with it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import torch
from torch.optim import Optimizer

__all__ = ["base_rate", "let_make_again", "mark_as_used", "prefer_fused", "set_rate"]


def prefer_fused(optimizer: Optimizer) -> None:
    """Let an optimizer update all parameters in one kernel, if it can.

    An optimizer that was made with ``fused=False``, ``foreach`` or ``differentiable`` stays as it is.

    :param optimizer: the optimizer, changed in place
    """
    for group in optimizer.param_groups:
        # foreach and differentiable do not go with it: the trial below fails
        if group.get("fused", False) is not None or not all(p.is_floating_point() for p in group["params"]):
            return
    if all(_works_fused(optimizer, group["params"][0]) for group in optimizer.param_groups if group["params"]):
        for group in optimizer.param_groups:
            group["fused"] = True


def base_rate(group: Mapping[str, Any]) -> Any:
    """Get the learning rate that a group of parameters was given: a schedule, which changes the rate, notes it.

    :param group: the group
    :return: the learning rate, a number or a tensor
    """
    return group.get("initial_lr", group["lr"])


def set_rate(group: dict[str, Any], rate: float) -> None:
    """Set the learning rate of a group of parameters; a tensor stays the same one.

    :param group: the group, changed in place
    :param rate: the learning rate
    """
    if isinstance(group["lr"], torch.Tensor):
        group["lr"].fill_(rate)
    else:
        group["lr"] = rate


def let_make_again(optimizer: Optimizer) -> None:
    """Let PyKEEN make an optimizer again, for a training that starts anew, with all that stands in its groups.

    What its class adds to the options it was made with is taken out: AdamW has an option there that is none of its
    arguments. The learning rates are those that it was given, where a schedule has changed them. PyKEEN makes the
    schedule again, too, and one that changes the rates as soon as it is made would change them twice. The optimizer
    itself must do no further step.

    :param optimizer: the optimizer, changed in place
    """
    known = {"params", "initial_lr", *inspect.signature(type(optimizer)).parameters}
    for group in optimizer.param_groups:
        for name in set(group) - known:
            del group[name]
        set_rate(group, float(base_rate(group)))


def mark_as_used(optimizer: Optimizer) -> None:
    """Let PyKEEN go on with an optimizer without state, such as plain SGD, which it takes for one never used.

    :param optimizer: the optimizer, changed in place
    """
    if not optimizer.state:
        _ = optimizer.state[optimizer.param_groups[0]["params"][0]]


def _works_fused(optimizer: Optimizer, like: torch.Tensor) -> bool:
    """Try a fused step with a parameter that has a single value."""
    parameter = torch.zeros(1, dtype=like.dtype, device=like.device, requires_grad=True)
    parameter.grad = torch.zeros_like(parameter)
    # a group may hold more than its optimizer takes, e.g. AdamW's, or a schedule's
    known = inspect.signature(type(optimizer)).parameters
    options = {key: value for key, value in optimizer.param_groups[0].items() if key in known and key != "params"}
    try:
        type(optimizer)([parameter], **{**options, "fused": True}).step()
    except (RuntimeError, TypeError, ValueError):
        # the device has no such kernel, or an option does not go with it
        return False
    return True
