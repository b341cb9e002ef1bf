"""Joint training from a configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pykeen.pipeline import PipelineResult, pipeline_from_config

from ..outputs import hold_outputs, if_possible
from .corpus import count_text
from .joint_configuration import check_configuration
from .joint_paths import TEXT, complete_paths
from .objective import JointGloVe
from .results import list_results

__all__ = ["output_files", "run_joint"]

#: What a run writes beside PyKEEN's results
COUNTS_FILE, VECTORS_FILE = "cooccurrence.npz", "word_vectors.txt"


def output_files(output_directory: str | os.PathLike[str]) -> list[Path]:
    """List the files that a run writes.

    :param output_directory: the folder
    :return: the files, which need not exist; those of PyKEEN come first
    """
    return [*list_results(output_directory), *(Path(output_directory) / name for name in (COUNTS_FILE, VECTORS_FILE))]


def run_joint(
    configuration: Mapping[str, Any],
    folder: str | os.PathLike[str],
    output_directory: str | os.PathLike[str],
    *,
    force: bool = False,
) -> PipelineResult:
    """Count text, if the configuration says so, and train.

    :param configuration: see :func:`~pykeen_conj_hale.text.joint_configuration.read_configuration`
    :param folder: what its paths are relative to; what is not there is looked for in the working directory
    :param output_directory: for PyKEEN's results, the co-occurrences and the word vectors
    :param force: whether to replace the results of an earlier run
    :return: PyKEEN's result
    :raises ValueError: if the configuration is wrong, or an output is an input, too
    :raises OSError: if an input is not there, or an output is there already or cannot be written
    """
    folder, output = Path(folder), Path(output_directory)
    check_configuration(configuration)
    configuration, inputs = complete_paths(configuration, folder)
    settings = configuration["pipeline"]
    with hold_outputs(output_files(output), inputs, force=force):
        if TEXT in configuration:
            count_text(**configuration[TEXT]).save(output / COUNTS_FILE)
            settings["model_kwargs"] = {**settings["model_kwargs"], TEXT: str(output / COUNTS_FILE)}
        result = pipeline_from_config({"metadata": configuration.get("metadata") or {}, "pipeline": settings})
        result.save_to_directory(output)
        assert isinstance(result.model, JointGloVe)
        with if_possible(output / VECTORS_FILE):
            result.model.word_vectors().save_word2vec(output / VECTORS_FILE)
    return result
