"""The parts of a trial: what is looked up by name, and the names of the arguments that each part takes."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, Final

from class_resolver.contrib.optuna import pruner_resolver
from pykeen.evaluation import evaluator_resolver
from pykeen.losses import loss_resolver
from pykeen.lr_schedulers import lr_scheduler_resolver
from pykeen.models import model_resolver
from pykeen.optimizers import optimizer_resolver
from pykeen.regularizers import regularizer_resolver
from pykeen.stoppers import stopper_resolver
from pykeen.training import training_loop_resolver

from ..checks import look_up
from ..devices import choose_device

__all__ = ["RESOLVERS", "check_parts"]

#: Where names are looked up, so that a name and its class are the same
RESOLVERS: Final[Mapping[str, Any]] = {
    "model": model_resolver,
    "loss": loss_resolver,
    "regularizer": regularizer_resolver,
    "optimizer": optimizer_resolver,
    "lr_scheduler": lr_scheduler_resolver,
    "training_loop": training_loop_resolver,
    "stopper": stopper_resolver,
    "evaluator": evaluator_resolver,
    "pruner": pruner_resolver,
}

#: What is made from a name and arguments. Models have arguments beside those of their signature
_MADE: Final = ("loss", "regularizer", "lr_scheduler", "training_loop", "stopper", "evaluator", "pruner")


def check_parts(arguments: Mapping[str, Any]) -> None:
    """Check that all parts exist, that each takes the arguments of its name, and that the device is there.

    :param arguments: those of :func:`pykeen.hpo.hpo_pipeline`
    :raises ValueError: if something is unknown, or the device cannot be used
    """
    for name, resolver in RESOLVERS.items():
        if arguments.get(name) is not None:
            look_up(resolver, name, arguments[name])
    _check_names(arguments)
    choose_device(arguments.get("device"))


def _check_names(arguments: Mapping[str, Any]) -> None:
    """Refuse names which nothing takes, wherever a signature lists all that is taken."""
    for part, takes in _functions(arguments).items():
        parameters = inspect.signature(takes).parameters
        if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()):
            continue
        for argument in (f"{part}_kwargs", f"{part}_kwargs_ranges"):
            unknown = sorted({*(arguments.get(argument) or {})} - {*parameters})
            if unknown:
                raise ValueError(
                    f"{argument} has {', '.join(map(repr, unknown))}, which {takes.__qualname__} does not take; choose "
                    f"among {sorted(parameters)}."
                )


def _functions(arguments: Mapping[str, Any]) -> dict[str, Callable[..., Any]]:
    """Find what takes the arguments of each part."""
    found: dict[str, Callable[..., Any]] = {
        part: RESOLVERS[part].lookup(arguments[part]) for part in _MADE if arguments.get(part) is not None
    }
    found["optimizer"] = optimizer_resolver.lookup(arguments.get("optimizer"))
    found["training"] = training_loop_resolver.lookup(arguments.get("training_loop")).train
    found["evaluation"] = evaluator_resolver.lookup(arguments.get("evaluator")).evaluate
    return found
