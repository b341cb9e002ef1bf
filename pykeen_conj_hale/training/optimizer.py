"""Optimizers: fused ones, which are the fastest, and those that PyKEEN cannot make again."""

from __future__ import annotations

import inspect

import torch
from torch.optim import Optimizer

__all__ = ["keep_known_options", "prefer_fused"]


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


def keep_known_options(optimizer: Optimizer) -> None:
    """Take out of an optimizer what its class adds to the options it was made with, before it is made again.

    PyKEEN makes an optimizer again, for a training that starts anew, with all that stands in its groups. AdamW has an
    option there that is none of its arguments. The optimizer itself must do no further step.

    :param optimizer: the optimizer, changed in place
    """
    known = {"params", "initial_lr", *inspect.signature(type(optimizer)).parameters}
    for group in optimizer.param_groups:
        for name in set(group) - known:
            del group[name]


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
