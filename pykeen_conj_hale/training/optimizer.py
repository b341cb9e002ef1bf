"""Fused optimizers, which are the fastest, wherever PyTorch has them."""

from __future__ import annotations

import inspect

import torch
from torch.optim import Optimizer

__all__ = ["prefer_fused"]


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
