"""What PyKEEN writes of a run."""

from __future__ import annotations

import os
from pathlib import Path

from pykeen.pipeline import PipelineResult

__all__ = ["list_results"]


def list_results(output_directory: str | os.PathLike[str]) -> list[Path]:
    """List the files that PyKEEN writes.

    :param output_directory: the folder
    :return: the files, which need not exist. The first one is held by whoever writes to the folder
    """
    names = (PipelineResult.RESULT_FILE_NAME, PipelineResult.METADATA_FILE_NAME, PipelineResult.MODEL_FILE_NAME)
    return [Path(output_directory) / name for name in names]
