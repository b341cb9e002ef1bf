"""Joint training from a configuration file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pykeen.pipeline import PipelineResult, pipeline_from_config
from pykeen.utils import load_configuration

from .corpus import count_text
from .objective import JointGloVe

__all__ = ["read_configuration", "run_joint"]

#: The part of a configuration which PyKEEN's own lack
TEXT = "cooccurrence"
#: What a run writes beside PyKEEN's results
COUNTS_FILE, VECTORS_FILE = "cooccurrence.npz", "word_vectors.txt"


def read_configuration(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read and check a configuration file.

    :param path: a JSON or YAML file
    :return: its parts
    :raises ValueError: if it is no configuration of a joint run
    """
    configuration = load_configuration(Path(path))
    if not isinstance(configuration, Mapping) or not isinstance(configuration.get("pipeline"), Mapping):
        raise ValueError(f"{os.fspath(path)!r} has no part `pipeline`, the arguments of PyKEEN's pipeline.")
    if unknown := set(configuration) - {"metadata", "pipeline", TEXT}:
        raise ValueError(
            f"{os.fspath(path)!r} has unknown parts {sorted(unknown)}; there are metadata, pipeline, {TEXT}."
        )
    if configuration["pipeline"].get("model") != JointGloVe.__name__:
        raise ValueError(
            f"{os.fspath(path)!r} has model={configuration['pipeline'].get('model')!r}; a joint run has "
            f"model={JointGloVe.__name__!r} and model_kwargs with base, the model to train jointly."
        )
    return dict(configuration)


def run_joint(
    configuration: Mapping[str, Any], folder: str | os.PathLike[str], output_directory: str | os.PathLike[str]
) -> PipelineResult:
    """Count text, if the configuration says so, and train.

    :param configuration: see :func:`read_configuration`
    :param folder: what its paths are relative to
    :param output_directory: for PyKEEN's results, the co-occurrences and the word vectors
    :return: PyKEEN's result
    :raises ValueError: if the configuration is wrong
    """
    folder, output = Path(folder), Path(output_directory)
    settings = dict(configuration["pipeline"])
    model_kwargs = dict(settings.get("model_kwargs") or {})
    if TEXT in configuration:
        if TEXT in model_kwargs:
            raise ValueError(f"The configuration has a part {TEXT} and model_kwargs.{TEXT}; leave one of them out.")
        counted = count_text(**_resolve_paths(configuration[TEXT], folder))
        counted.save(output / COUNTS_FILE)
        model_kwargs[TEXT] = str(output / COUNTS_FILE)
    elif isinstance(model_kwargs.get(TEXT), str):
        model_kwargs[TEXT] = str(folder / model_kwargs[TEXT])
    settings["model_kwargs"] = model_kwargs
    result = pipeline_from_config({"metadata": configuration.get("metadata") or {}, "pipeline": settings})
    result.save_to_directory(output)
    assert isinstance(result.model, JointGloVe)
    result.model.word_vectors().save_word2vec(output / VECTORS_FILE)
    return result


def _resolve_paths(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make paths relative to a folder."""
    resolved = dict(options)
    for name in ("descriptions", "mentions"):
        if resolved.get(name) is not None:
            resolved[name] = folder / resolved[name]
    for name in ("documents", "held_out"):
        paths = resolved.get(name, ())
        resolved[name] = [folder / path for path in ([paths] if isinstance(paths, str) else paths)]
    return resolved
