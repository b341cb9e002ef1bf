"""Where datasets, caches and temporary files lie, and whether they can be written."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from ..wording import count
from .finding import Finding, State, first_line

__all__ = ["check_folders"]

#: Less space than this is worth a word, bytes
LITTLE: Final = 2**30


def check_folders() -> Iterator[Finding]:
    """Look at PyKEEN's data folder and the folder of temporary files.

    :yields: a finding per folder
    """
    # here, as PyKEEN makes its folder when it is imported, and fails where it cannot
    try:
        from pykeen.constants import PYKEEN_DATASETS, PYKEEN_HOME
    except OSError as error:
        way_out = "Set the environment variable PYKEEN_HOME to a folder that you can write to."
        yield Finding("data folder", State.BROKEN, f"PyKEEN's folder cannot be made ({first_line(error)})", way_out)
    else:
        datasets = sorted(path.name for path in PYKEEN_DATASETS.glob("*") if path.is_dir())
        text = f"{count(len(datasets), 'dataset')} in {PYKEEN_DATASETS}"
        yield _look_at("data folder", PYKEEN_HOME, "PYKEEN_HOME", f"; {text}")
    yield _look_at("temporary files", Path(tempfile.gettempdir()), "TMPDIR")


def _look_at(topic: str, folder: Path, variable: str, more: str = "") -> Finding:
    way_out = f"Set the environment variable {variable} to a folder that you can write to"
    details = {"path": str(folder)}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"\0")
    except OSError as error:
        text = f"{folder} cannot be written ({first_line(error)})"
        return Finding(topic, State.BROKEN, text, f"{way_out}.", details)
    free = shutil.disk_usage(folder).free
    text = f"{folder}, {free / 2**30:,.1f} GiB free{more}"
    if free < LITTLE:
        return Finding(topic, State.NOTE, text, f"{way_out}, on a disk with more space.", details)
    return Finding(topic, State.OK, text, details=details)
