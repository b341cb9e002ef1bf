"""The settings of a training by name, so that a run which goes on from a checkpoint is the same training."""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import numbers
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import SLCWATrainingLoop, TrainingLoop
from torch import Tensor, nn
from torch.optim import Optimizer

from .stopper import TimedStopper

__all__ = ["describe", "describe_optimizer", "list_settings"]

#: What changes while a training runs, and what changes its speed only
_NO_SETTINGS: Final = {"training", "updated", "num_batches_tracked"}
_NO_OPTIONS: Final = {"params", "initial_lr", "fused", "foreach", "capturable", "differentiable"}
#: What an early stopper is set to; patience may change
_STOPPER: Final = ("metric", "larger_is_better", "relative_delta", "frequency")
_TIMED_STOPPER: Final = ("seconds", "targets", "restrictions")
#: The arguments of ``train`` that the steps depend on, with their defaults
_ARGUMENTS: Final[Mapping[str, Any]] = {
    "label_smoothing": 0.0,
    "sampler": None,
    "drop_last": None,
    "gradient_clipping_max_norm": None,
    "gradient_clipping_norm_type": None,
    "gradient_clipping_max_abs_value": None,
}
#: The number of items above which a container is told by its digest
_LONG: Final = 32


def list_settings(loop: TrainingLoop[Any], stopper: Stopper | None, arguments: Mapping[str, Any]) -> dict[str, str]:
    """List what a training is set to: model, loss, regularizers, optimizer, schedule, negatives, stopper, arguments.

    :param loop: the training loop, before its first step
    :param stopper: the early stopper, if there is one
    :param arguments: the arguments of ``train``
    :return: texts by name, for example ``{"model.loss.margin": "3.0"}``
    """
    found: dict[str, Any] = dict(describe("model", loop.model))
    found.update(describe_optimizer(loop.optimizer, loop.lr_scheduler))
    if loop.lr_scheduler is not None:
        found.update(describe("lr_scheduler", _constructor_arguments(loop.lr_scheduler)))
    if isinstance(loop, SLCWATrainingLoop):
        found.update(describe("negative_sampler", [loop.negative_sampler, loop.negative_sampler_kwargs or {}]))
    found.update(describe("loss_weighter", [loop.loss_weighter, loop.loss_weighter_kwargs or {}]))
    if isinstance(stopper, EarlyStopper):
        # PyKEEN's own takes over the patience of the checkpoint, so that another one would be ignored
        names = (*_STOPPER, *_TIMED_STOPPER) if isinstance(stopper, TimedStopper) else (*_STOPPER, "patience")
        found.update(describe("stopper", {name: getattr(stopper, name) for name in names}))
    found.update(describe("train", {name: arguments.get(name, default) for name, default in _ARGUMENTS.items()}))
    return found


def describe_optimizer(optimizer: Optimizer, lr_scheduler: Any = None) -> Iterator[tuple[str, str]]:
    """Describe the options of an optimizer, with the learning rates from which a schedule begins.

    :param optimizer: the optimizer
    :param lr_scheduler: its schedule, if there is one
    :return: pairs of a name and a text
    """
    rates = getattr(lr_scheduler, "base_lrs", [group.get("lr") for group in optimizer.param_groups])
    for number, (group, rate) in enumerate(zip(optimizer.param_groups, rates, strict=True)):
        options = {key: value for key, value in {**group, "lr": rate}.items() if key not in _NO_OPTIONS}
        yield from describe("optimizer" if number == 0 else f"optimizer[{number}]", options)


def _constructor_arguments(scheduler: Any) -> dict[str, Any]:
    """Get what a schedule was made with, as far as it keeps it under the same names."""
    names = inspect.signature(type(scheduler)).parameters
    kept = {name: value for name, value in vars(scheduler).items() if name in names}
    return {name: value for name, value in kept.items() if name not in {"optimizer", "last_epoch"}}


def describe(name: str, value: Any, above: frozenset[int] = frozenset()) -> Iterator[tuple[str, str]]:
    """Describe a value by what it is set to: its class, and its plain attributes, down to those of its parts.

    Tensors are left out, as they are learned, but for buffers that are a number, such as a regularizer's weight. So is
    what a training itself changes.

    :param name: the value's name
    :param value: a number, text, container, function, module or other object
    :param above: the identities of what it is a part of
    :return: pairs of a name and a text, which is the same in each process
    """
    if isinstance(value, bool | str | None | enum.Enum):
        yield name, repr(value)
    elif isinstance(value, numbers.Real):
        yield name, repr(float(value))
    elif id(value) in above or isinstance(value, Tensor):
        return
    elif isinstance(value, list | tuple | set | frozenset | Mapping):
        yield from _describe_container(name, value, above | {id(value)})
    elif isinstance(value, functools.partial):
        yield from describe(name, value.func, above)
        yield from describe(f"{name}.arguments", [*value.args, dict(value.keywords)], above)
    elif inspect.isroutine(value) or isinstance(value, type):
        yield name, str(getattr(value, "__qualname__", type(value).__name__))
    else:
        yield name, type(value).__qualname__
        if isinstance(value, nn.Module) or _is_of_pykeen(value):
            for key, part in _parts(value).items():
                yield from describe(f"{name}.{key}", part, above | {id(value)})


def _describe_container(name: str, value: Any, above: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Describe the items of a container; many of them by a digest."""
    is_mapping = isinstance(value, Mapping)
    items = value.items() if is_mapping else enumerate(sorted(value, key=repr) if isinstance(value, Set) else value)
    found = [pair for key, item in items for pair in describe(f"{name}.{key}", item, above)]
    kind = "entries" if is_mapping else "items"
    if len(value) > _LONG:
        yield name, f"{len(value)} {kind} with SHA-256 {hashlib.sha256(repr(found).encode()).hexdigest()}"
    else:
        yield name, f"{len(value)} {kind}"
        yield from found


def _parts(value: Any) -> dict[str, Any]:
    """List the attributes which say what an object is set to."""
    parts = {key: item for key, item in vars(value).items() if not key.startswith("_")}
    if isinstance(value, nn.Module):
        parts.update({key: item.item() for key, item in value.named_buffers(recurse=False) if item.ndim == 0})
        parts.update(value.named_children())
    return {key: item for key, item in parts.items() if key not in _NO_SETTINGS}


def _is_of_pykeen(value: Any) -> bool:
    """Tell whether an object is PyKEEN's or this package's, so that its attributes mean something here."""
    is_ours = type(value).__module__.split(".")[0] in {"pykeen", "pykeen_conj_hale"}
    return is_ours and hasattr(value, "__dict__") and not isinstance(value, Optimizer)
