"""Joint training from a configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pykeen.pipeline import PipelineResult, pipeline_from_config

from ..outputs import check_outputs
from .corpus import count_text
from .joint_configuration import MANY_PATHS, PATHS, TEXT, check_configuration
from .objective import JointGloVe

__all__ = ["output_files", "run_joint"]

#: What a run writes beside PyKEEN's results
COUNTS_FILE, VECTORS_FILE = "cooccurrence.npz", "word_vectors.txt"
#: What PyKEEN writes
RESULTS_FILES: Final = (
    PipelineResult.RESULT_FILE_NAME,
    PipelineResult.METADATA_FILE_NAME,
    PipelineResult.MODEL_FILE_NAME,
)


def output_files(output_directory: str | os.PathLike[str]) -> list[Path]:
    """List the files that a run writes.

    :param output_directory: the folder
    :return: the files, which need not exist
    """
    return [Path(output_directory) / name for name in (COUNTS_FILE, VECTORS_FILE, *RESULTS_FILES)]


def run_joint(
    configuration: Mapping[str, Any],
    folder: str | os.PathLike[str],
    output_directory: str | os.PathLike[str],
    *,
    force: bool = False,
) -> PipelineResult:
    """Count text, if the configuration says so, and train.

    :param configuration: see :func:`~pykeen_conj_hale.text.joint_configuration.read_configuration`
    :param folder: what its paths are relative to
    :param output_directory: for PyKEEN's results, the co-occurrences and the word vectors
    :param force: whether to replace the results of an earlier run
    :return: PyKEEN's result
    :raises ValueError: if the configuration is wrong, or an output is an input, too
    :raises OSError: if an output is there already or cannot be written
    """
    check_configuration(configuration)
    folder, output = Path(folder), Path(output_directory)
    settings = dict(configuration["pipeline"])
    model_kwargs = dict(settings.get("model_kwargs") or {})
    text = _resolve_paths(configuration[TEXT], folder) if TEXT in configuration else {}
    if TEXT in model_kwargs:
        model_kwargs[TEXT] = str(folder / model_kwargs[TEXT])
    inputs = [model_kwargs.get(TEXT), *(text.get(name) for name in PATHS)]
    inputs += [path for name in MANY_PATHS for path in text.get(name, ())]
    check_outputs(output_files(output), filter(None, inputs), force=force)
    if TEXT in configuration:
        count_text(**text).save(output / COUNTS_FILE)
        model_kwargs[TEXT] = str(output / COUNTS_FILE)
    settings["model_kwargs"] = model_kwargs
    result = pipeline_from_config({"metadata": configuration.get("metadata") or {}, "pipeline": settings})
    result.save_to_directory(output)
    assert isinstance(result.model, JointGloVe)
    result.model.word_vectors().save_word2vec(output / VECTORS_FILE)
    return result


def _resolve_paths(options: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Make paths relative to a folder."""
    resolved = dict(options)
    for name in PATHS:
        if resolved.get(name) is not None:
            resolved[name] = folder / resolved[name]
    for name in MANY_PATHS:
        paths = resolved.get(name, ())
        resolved[name] = [folder / path for path in ([paths] if isinstance(paths, str) else paths)]
    return resolved
