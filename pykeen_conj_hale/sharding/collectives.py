r"""Differentiable sums over processes.

All processes of a group compute the same loss L from the same queries, but each knows its own rows only. A value that
all of them have has the same gradient in all of them. Hence

- a sum over processes, :math:`x = \sum_s x_s`, has :math:`\partial L / \partial x_s = \partial L / \partial x`;
- a value that goes into the part of each process, :math:`x_s = x`, has the sum of the parts' gradients;
- of :math:`\ell = \log \sum_s e^{\ell_s}` a process needs :math:`\ell` alone:
  :math:`\partial L / \partial \ell_s = e^{\ell_s - \ell}\, \partial L / \partial \ell`.

Each is one message of the size of x, which does not depend on the number of entities (ℓ: two of one number per query).
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, distributed
from torch.distributed import ProcessGroup, ReduceOp

__all__ = ["logsumexp_of_shards", "sum_of_shards", "to_shards"]


def sum_of_shards(x: Tensor, group: ProcessGroup) -> Tensor:
    """Add up a value over the processes.

    :param x: any shape, the value of this process
    :param group: the processes
    :return: the shape of x, the sum, the same in all processes
    """
    return cast(Tensor, _SumOfShards.apply(x, group))  # type: ignore[no-untyped-call]


def to_shards(x: Tensor, group: ProcessGroup) -> Tensor:
    """Hand a value to the parts of all processes; its gradient is the sum of theirs.

    :param x: any shape, the same in all processes
    :param group: the processes
    :return: x
    """
    return cast(Tensor, _ToShards.apply(x, group))  # type: ignore[no-untyped-call]


def logsumexp_of_shards(own: Tensor, group: ProcessGroup) -> Tensor:
    r"""Compute :math:`\log \sum_s e^{\ell_s}` over the processes.

    :param own: any shape, :math:`\ell_s` of this process; minus infinity where it has nothing to add
    :param group: the processes
    :return: the shape of own, the same in all processes
    """
    return cast(Tensor, _LogSumExpOfShards.apply(own, group))  # type: ignore[no-untyped-call]


class _SumOfShards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, group: ProcessGroup) -> Tensor:
        total = x.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total, group=group)
        return total

    @staticmethod
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        return grad_output, None


class _ToShards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, group: ProcessGroup) -> Tensor:
        ctx.group = group
        return x.view_as(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        total = grad_output.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(total, group=ctx.group)
        return total, None


class _LogSumExpOfShards(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, own: Tensor, group: ProcessGroup) -> Tensor:
        maximum = own.clone(memory_format=torch.contiguous_format)
        distributed.all_reduce(maximum, op=ReduceOp.MAX, group=group)
        total = (own - maximum).exp()
        distributed.all_reduce(total, group=group)
        result = maximum + total.log()
        ctx.save_for_backward(own, result)
        return result

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor, None]:
        own, result = ctx.saved_tensors
        return grad_output * (own - result).exp(), None
