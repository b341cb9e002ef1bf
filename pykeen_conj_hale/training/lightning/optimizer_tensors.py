"""The tensors of an optimizer by the names of the parameters, and back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ...sharding.embedding import sharded_tables
from ..lazy_adam import LazyAdam, as_adam

__all__ = ["load_optimizer_tensors", "optimizer_tensors"]

#: Between the name of a parameter and that of its state: no name of a parameter has it
_OF: Final = ":"
#: The name of what LazyAdam has for each row of a table
_LAST_STEP: Final = f"{_OF}last_step"


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
    :param optimizer: its optimizer, changed in place, but for ``fused``
    :param shapes: the whole shapes and the types of the tensors, by ``PARAMETER:STATE``
    :param options: the options of each group
    :param fill: reads the values of tensors, of which those of sharded tables have a process's own rows
    """
    tables, parameters = dict(sharded_tables(module)), dict(module.named_parameters())
    for group, group_options in zip(optimizer.param_groups, options, strict=True):
        # not how a step is computed: that depends on the device and the gradients, which need not be those of before
        group.update({key: value for key, value in group_options.items() if key != "fused"})
    on_device = {p for group in optimizer.param_groups if _has_steps_on_device(group) for p in group["params"]}
    if isinstance(optimizer, LazyAdam):
        # which has the steps of a table where the table is
        on_device |= {parameters[key.removesuffix(_LAST_STEP)] for key in shapes if key.endswith(_LAST_STEP)}
    tensors: dict[str, Tensor] = {}
    for key, (shape, dtype) in shapes.items():
        name, _, state = key.partition(_OF)
        parameter = parameters[name]
        if name in tables and shape and shape[0] == tables[name].max_id:
            shape = torch.Size([len(tables[name].own), *shape[1:]])
        # there from the start: what is elsewhere would become a copy when it is made distributed, and not be filled
        device = parameter.device if state != "step" or parameter in on_device else torch.device("cpu")
        tensors[key] = torch.empty(shape, dtype=dtype, device=device)
    fill(tensors)
    for key, tensor in tensors.items():
        name, _, state = key.partition(_OF)
        optimizer.state[parameters[name]][state] = tensor
    if not isinstance(optimizer, LazyAdam):
        # another number of replicas: several average dense gradients
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                if "last_step" in (own := optimizer.state.get(parameter, {})):
                    as_adam(own, group["betas"][1])


def _has_steps_on_device(group: Mapping[str, Any]) -> bool:
    """Tell whether an optimizer has the number of steps where the parameters are, as PyTorch's does."""
    return bool(group.get("fused") or group.get("capturable"))
