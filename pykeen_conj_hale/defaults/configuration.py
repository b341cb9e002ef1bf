"""A training of PyKEEN's pipeline as a configuration that trains the same again."""

from __future__ import annotations

import dataclasses
import inspect
import logging
import math
import numbers
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from class_resolver import ClassResolver
from docdata import get_docdata
from pykeen.constants import USER_DEFINED_CODE
from pykeen.datasets import dataset_resolver
from pykeen.losses import loss_resolver
from pykeen.pipeline import PipelineResult
from pykeen.regularizers import Regularizer, regularizer_resolver
from pykeen.stoppers import NopStopper, Stopper, stopper_resolver
from pykeen.training import TrainingLoop
from pykeen.triples import CoreTriplesFactory

from ..description import describe

__all__ = ["configuration_of"]

logger = logging.getLogger(__name__)

#: Arguments of the pipeline that are recorded under their own names
_OWN: Final = (
    "dataset",
    "dataset_kwargs",
    "model",
    "loss",
    "loss_kwargs",
    "regularizer",
    "regularizer_kwargs",
    "optimizer",
    "optimizer_kwargs",
    "lr_scheduler",
    "lr_scheduler_kwargs",
    "training_loop",
    "training_loop_kwargs",
    "negative_sampler",
    "negative_sampler_kwargs",
    "evaluator",
    "evaluator_kwargs",
)
#: What the pipeline itself hands to an evaluation, a stopper, and a loop
_OF_EVALUATION: Final = ("additional_filter_triples",)
_OF_STOPPER: Final = ("stopped", "use_tqdm", "clean_up_checkpoint")
_OF_LOOP: Final = ("self", "kwargs", "triples_factory", "stopper", "clear_optimizer")


def configuration_of(result: PipelineResult) -> dict[str, Any]:
    """Describe a training such that :func:`pykeen.pipeline.pipeline_from_config` trains the same bits again.

    Everything is said in it: what was given, what was chosen, and PyKEEN's own defaults. Triples that were given as
    factories are none of JSON's, and are left out: hand them to ``pipeline_from_config`` again. So is a dataset that
    was given as an object, of which PyKEEN keeps the class's name only: if that name, by itself, stands for a dataset
    with other inverse triples or another size, or for none, the log says so. Of another random split it cannot be told.

    Of a model, a loss and a regularizer that were given as objects PyKEEN keeps the class's name only, too. The log
    says so of a loss and a regularizer which that name, with the arguments that are known, does not make again; and of
    each model, as none begins with the same random numbers as one that the pipeline makes.

    PyKEEN keeps nothing of ``evaluation_entity_whitelist``, ``evaluation_relation_whitelist``, ``use_testing_data`` and
    ``filter_validation_when_testing``: hand these over again, too, if they were given.

    :param result: the result of a pipeline
    :return: the configuration, with the keys ``"metadata"`` and ``"pipeline"``; JSON can hold it
    :raises ValueError: if something was given as an object which JSON cannot hold, such as a function
    """
    recorded = dict(result.configuration)
    _leave_out_unknown_dataset(recorded, result.training)
    pipeline = {name: recorded[name] for name in _OWN if recorded.get(name) is not None}
    model_kwargs = dict(recorded.get("model_kwargs") or {})
    # the pipeline makes the loss of each model that it makes; a model that was given has its own
    made_by_pipeline = model_kwargs.pop("loss", None) is not None
    loss = result.model.loss
    pipeline.setdefault("loss", loss_resolver.normalize_inst(loss))
    regularizer = _take_regularizer(model_kwargs, getattr(result.model, "factor_regularizer", None), pipeline)
    model_kwargs.pop("random_seed", None)
    pipeline["model_kwargs"] = _without_defaults(model_kwargs, type(result.model).__init__)
    unsaid = [] if made_by_pipeline else ["model"]
    unsaid += [] if _makes(loss_resolver, "loss", pipeline, loss) else ["loss"]
    unsaid += [] if _makes(regularizer_resolver, "regularizer", pipeline, regularizer) else ["regularizer"]
    if unsaid:
        _warn_of(unsaid, pipeline)
    pipeline["training_kwargs"] = _arguments_of((TrainingLoop.train, type(result.training_loop).train), recorded)
    evaluation = dict(recorded.get("evaluation_kwargs") or {})
    pipeline["evaluation_kwargs"] = {name: value for name, value in evaluation.items() if name not in _OF_EVALUATION}
    if result.stopper is not None and not isinstance(result.stopper, NopStopper):
        pipeline["stopper"] = stopper_resolver.normalize_inst(result.stopper)
        pipeline["stopper_kwargs"] = _stopper_kwargs(result.stopper)
    pipeline["random_seed"] = result.random_seed
    return {"metadata": _plain("metadata", dict(result.metadata or {})), "pipeline": _plain("pipeline", pipeline)}


def _leave_out_unknown_dataset(recorded: dict[str, Any], training: CoreTriplesFactory) -> None:
    """Remove a dataset, unless its name and arguments say what was trained on."""
    name, kwargs = recorded.get("dataset"), recorded.get("dataset_kwargs") or {}
    if name is None or (name != USER_DEFINED_CODE and _is_dataset(name, kwargs, training)):
        return
    del recorded["dataset"]
    recorded.pop("dataset_kwargs", None)
    if name != USER_DEFINED_CODE:
        logger.warning(
            "The configuration has no dataset: %r with %s is not what was trained on, and PyKEEN keeps no more of a "
            "dataset that is given as an object. Hand it over again: pipeline_from_config(configuration, dataset=…).",
            name,
            kwargs or "no arguments",
        )


def _is_dataset(name: str, kwargs: Mapping[str, Any], training: CoreTriplesFactory) -> bool:
    """Tell whether a dataset of that name and those arguments has these training triples, as far as that is cheap."""
    try:
        dataset = dataset_resolver.lookup(name)
    except KeyError:
        return False
    if kwargs.get("create_inverse_triples", False) != training.create_inverse_triples:
        return False
    numbers = (get_docdata(dataset) or {}).get("statistics", {})
    parts = [numbers.get(split) for split in ("training", "validation", "testing")]
    # any argument may make other triples, and some of PyKEEN's numbers do not add up, as those of CSKG
    if kwargs.keys() - {"create_inverse_triples"} or None in parts or sum(parts) != numbers.get("triples"):
        return True
    here = (training.num_entities, training.real_num_relations, training.num_triples)
    return here == (numbers.get("entities"), numbers.get("relations"), numbers["training"])


def _take_regularizer(
    model_kwargs: dict[str, Any], of_factors: Regularizer | None, pipeline: dict[str, Any]
) -> Regularizer | None:
    """Move a regularizer from the arguments of a model to those of the pipeline, and return it, if there is one."""
    given = model_kwargs.get("regularizer")
    # that of the factors was recorded, if the pipeline has one: given, or chosen by the graph
    regularizer = given if isinstance(given, Regularizer) else of_factors if "regularizer" in pipeline else None
    if regularizer is None:
        # a name or a class, as PyKEEN's models have by default, stays with its arguments
        return None
    model_kwargs.pop("regularizer", None)
    model_kwargs.pop("regularizer_kwargs", None)
    pipeline.setdefault("regularizer", regularizer_resolver.normalize_inst(regularizer))
    arguments = getattr(regularizer, "arguments", None)  # those of this package list theirs
    if arguments is not None:
        pipeline["regularizer_kwargs"] = arguments()
    return regularizer


def _makes(resolver: ClassResolver[Any], name: str, pipeline: Mapping[str, Any], trained: Any) -> bool:
    """Tell whether a name and its arguments make what was trained with, as far as plain attributes say."""
    if trained is None:
        return True
    try:
        made = resolver.make(pipeline[name], pipeline.get(f"{name}_kwargs"))
    except (KeyError, TypeError, ValueError):  # no such name; arguments which are missing, unknown or not allowed
        return False
    if type(made) is type(trained) and getattr(made, "is_open", False) and getattr(trained, "is_chosen", False):
        # what was left open is chosen by the graph again
        return True
    return type(made) is type(trained) and _settings_of(made) == _settings_of(trained)


def _settings_of(value: Any) -> dict[str, str]:
    """Describe what a loss or a regularizer was made with."""
    # a model adds its own parameters to a regularizer
    return {name: text for name, text in describe("", value) if not name.startswith(".tracked_parameters")}


def _warn_of(unsaid: Sequence[str], pipeline: Mapping[str, Any]) -> None:
    """Say which parts of a training a configuration does not make again."""
    parts = [f"{name}={pipeline[name]!r} with {pipeline.get(f'{name}_kwargs') or 'no arguments'}" for name in unsaid]
    logger.warning(
        "The configuration does not train the same: %s is not what was trained with, and PyKEEN keeps no more of what "
        "is given as an object. Give the pipeline names and arguments instead: %s.",
        ", and ".join(parts),
        ", ".join(f"{name}=…, {name}_kwargs=…" for name in unsaid),
    )


def _without_defaults(kwargs: Mapping[str, Any], function: Callable[..., Any]) -> dict[str, Any]:
    """Leave out functions that are a function's defaults, as PyKEEN's pipeline hands those over, too."""
    defaults = {name: p.default for name, p in inspect.signature(function).parameters.items()}
    return {
        name: value
        for name, value in kwargs.items()
        if value is not None and not (callable(value) and value is defaults.get(name))
    }


def _arguments_of(functions: Iterable[Callable[..., Any]], recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Find the arguments of functions among what was recorded."""
    names = {name for function in functions for name in inspect.signature(function).parameters}
    return {name: value for name, value in recorded.items() if name in names and name not in _OF_LOOP}


def _stopper_kwargs(stopper: Stopper) -> dict[str, Any]:
    """List what a stopper is set to, as far as its class has fields of it."""
    fields: Sequence[Any] = dataclasses.fields(stopper) if dataclasses.is_dataclass(stopper) else ()
    values: dict[str, Any] = {field.name: getattr(stopper, field.name) for field in fields if field.init}
    plain = {name: value for name, value in values.items() if isinstance(value, bool | int | float | str | tuple)}
    # an endless patience is that of a stopper without one; the rest is the state of this run
    return {name: value for name, value in plain.items() if value != math.inf and name not in _OF_STOPPER}


def _plain(path: str, value: Any) -> Any:
    """Convert a value to what JSON holds: mappings, lists, texts, numbers."""
    if isinstance(value, Mapping):
        return {str(name): _plain(f"{path}.{name}", item) for name, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(f"{path}[{i}]", item) for i, item in enumerate(value)]
    if isinstance(value, timedelta):
        return value.total_seconds()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, numbers.Real):
        return int(value) if isinstance(value, numbers.Integral) else float(value)
    raise ValueError(
        f"{path}={value!r} is an object which JSON cannot hold. Give the pipeline its name and its arguments instead."
    )
