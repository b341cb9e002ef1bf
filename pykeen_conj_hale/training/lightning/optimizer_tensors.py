"""The tensors of an optimizer by the names of the parameters, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...sharding.embedding import sharded_tables

__all__ = ["load_optimizer_tensors", "optimizer_tensors"]

#: Between the name of a parameter and that of its state: no name of a parameter has it
_OF: str = ":"


def optimizer_tensors(module: nn.Module, optimizer: Optimizer) -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """Take the state of an optimizer apart.

    :param module: what is optimized
    :param optimizer: its optimizer, whose state is tensors only
    :return: the tensors by ``PARAMETER:STATE``, and the options of each group
    """
    names: dict[Tensor, str] = {parameter: name for name, parameter in module.named_parameters()}
    tensors = {
        f"{names[parameter]}{_OF}{key}": torch.as_tensor(value)
        for parameter, state in optimizer.state.items()
        for key, value in state.items()
    }
    options = [{key: value for key, value in group.items() if key != "params"} for group in optimizer.param_groups]
    return tensors, options


def load_optimizer_tensors(
    module: nn.Module,
    optimizer: Optimizer,
    shapes: Mapping[str, tuple[torch.Size, torch.dtype]],
    options: list[dict[str, Any]],
    fill: Callable[[Mapping[str, Tensor]], None],
) -> None:
    """Put the state of an optimizer together.

    :param module: what is optimized
    :param optimizer: its optimizer, changed in place
    :param shapes: the whole shapes and the types of the tensors, by ``PARAMETER:STATE``
    :param options: the options of each group
    :param fill: reads the values of tensors, of which those of sharded tables have a process's own rows
    """
    tables, parameters = dict(sharded_tables(module)), dict(module.named_parameters())
    tensors: dict[str, Tensor] = {}
    for key, (shape, dtype) in shapes.items():
        name = key.partition(_OF)[0]
        if name in tables and shape and shape[0] == tables[name].max_id:
            shape = torch.Size([len(tables[name].own), *shape[1:]])
        tensors[key] = torch.empty(shape, dtype=dtype)
    fill(tensors)
    for key, tensor in tensors.items():
        name, _, state = key.partition(_OF)
        parameter = parameters[name]
        # the number of steps stays where the optimizer wants it: torch.optim moves it itself where it is on the device
        optimizer.state[parameter][state] = tensor.to(parameter.device) if tensor.ndim else tensor
    for group, group_options in zip(optimizer.param_groups, options, strict=True):
        group.update(group_options)
