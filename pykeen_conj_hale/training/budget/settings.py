"""The settings of a training by name, so that a run which goes on from a checkpoint is the same training."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import SLCWATrainingLoop, TrainingLoop
from torch.optim import Optimizer

from ...description import describe
from .stopper import TimedStopper

__all__ = ["describe_optimizer", "list_settings"]

#: What changes a step's speed only
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
