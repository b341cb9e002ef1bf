"""The configuration of a joint run: read, and checked before any work."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from class_resolver import ClassResolver
from pykeen.datasets import dataset_resolver
from pykeen.evaluation import evaluator_resolver
from pykeen.losses import loss_resolver
from pykeen.lr_schedulers import lr_scheduler_resolver
from pykeen.optimizers import optimizer_resolver
from pykeen.pipeline import pipeline
from pykeen.regularizers import regularizer_resolver
from pykeen.sampling import negative_sampler_resolver
from pykeen.stoppers import stopper_resolver
from pykeen.trackers import tracker_resolver
from pykeen.training import training_loop_resolver
from pykeen.utils import load_configuration

from ..checks import look_up
from .joint_paths import MANY_PATHS, PATHS, TEXT
from .objective import JointGloVe

__all__ = ["check_configuration", "read_configuration"]

#: What the names of a pipeline are looked up in
RESOLVERS: Final[Mapping[str, ClassResolver[Any]]] = {
    "dataset": dataset_resolver,
    "evaluator": evaluator_resolver,
    "loss": loss_resolver,
    "lr_scheduler": lr_scheduler_resolver,
    "negative_sampler": negative_sampler_resolver,
    "optimizer": optimizer_resolver,
    "regularizer": regularizer_resolver,
    "result_tracker": tracker_resolver,
    "stopper": stopper_resolver,
    "training_loop": training_loop_resolver,
}


def read_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read and check a configuration file.

    :param path: a JSON or YAML file
    :return: its parts
    :raises OSError: if the file cannot be read
    :raises ValueError: if it is no configuration of a joint run
    """
    try:
        configuration = load_configuration(Path(path))
    except OSError:
        raise
    except Exception as error:  # YAML's own class is of a package that is PyKEEN's requirement, not ours
        raise ValueError(f"{os.fspath(path)!r} cannot be read as JSON or YAML, by its ending: {error}") from error
    try:
        check_configuration(configuration)
    except ValueError as error:
        raise ValueError(f"{os.fspath(path)!r}: {error}") from error
    return dict(configuration)


def check_configuration(configuration: Any) -> None:
    """Check the parts of a configuration, and the names in it.

    :param configuration: what was read
    :raises ValueError: if it is no configuration of a joint run
    """
    parts = _mapping("the configuration", configuration)
    if "pipeline" not in parts:
        raise ValueError("there is no part `pipeline`, the arguments of PyKEEN's pipeline.")
    if unknown := set(parts) - {"metadata", "pipeline", TEXT}:
        raise ValueError(f"there are unknown parts {sorted(map(str, unknown))}; there are metadata, pipeline, {TEXT}.")
    _check_metadata(parts.get("metadata"))
    _check_pipeline(_mapping("pipeline", parts["pipeline"]))
    if TEXT in parts:
        _check_text(_mapping(TEXT, parts[TEXT]))
        if TEXT in (parts["pipeline"].get("model_kwargs") or {}):
            raise ValueError(f"The configuration has a part {TEXT} and model_kwargs.{TEXT}; leave one of them out.")


def _mapping(name: str, value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ValueError(f"{name}={value!r} is not allowed: it must be a mapping of names to values.")
    return value


def _check_metadata(metadata: Any) -> None:
    if metadata is None:
        return
    try:
        json.dumps(_mapping("metadata", metadata))
    except TypeError as error:
        raise ValueError(f"metadata={metadata!r} is not allowed: JSON has no such values ({error}).") from error


def _check_pipeline(settings: Mapping[str, Any]) -> None:
    if settings.get("model") != JointGloVe.__name__:
        raise ValueError(
            f"model={settings.get('model')!r} is not allowed: a joint run has model={JointGloVe.__name__!r}, and "
            "model_kwargs with base, the model to train jointly."
        )
    if unknown := set(settings) - (set(inspect.signature(pipeline).parameters) - {"metadata"}):
        raise ValueError(f"pipeline has {sorted(map(str, unknown))}, which are no arguments of PyKEEN's pipeline.")
    for name, value in settings.items():
        if name.endswith("_kwargs") and value is not None:
            _mapping(name, value)
        elif name in RESOLVERS and isinstance(value, str):
            look_up(RESOLVERS[name], name, value)
    model_kwargs = settings.get("model_kwargs") or {}
    JointGloVe.of(model_kwargs.get("base")).check_names(model_kwargs)
    if not isinstance(model_kwargs.get(TEXT, ""), str):
        raise ValueError(f"model_kwargs.{TEXT}={model_kwargs[TEXT]!r} is not allowed: it must be the path of a file.")


def _check_text(options: Mapping[str, Any]) -> None:
    for name in PATHS:
        if not isinstance(options.get(name), str | None):
            raise ValueError(f"{TEXT}.{name}={options[name]!r} is not allowed: it must be the path of a file.")
    for name in MANY_PATHS:
        value = options.get(name, ())
        paths = [value] if isinstance(value, str) else value
        if not isinstance(paths, Iterable) or not all(isinstance(path, str) for path in paths):
            raise ValueError(
                f"{TEXT}.{name}={value!r} is not allowed: it must be the path of a file, or a list of such."
            )
