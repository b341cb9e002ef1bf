"""The paths of a joint configuration: relative to its folder, and found before any work."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

__all__ = ["MANY_PATHS", "PATHS", "TEXT", "complete_paths"]

#: The part of a configuration which PyKEEN's own lack, and the argument that is made of it
TEXT: Final = "cooccurrence"
#: Options of the text which are paths; those which may be several
PATHS: Final = ("descriptions", "mentions")
MANY_PATHS: Final = ("documents", "held_out")
#: Arguments of the pipeline which are paths, if they are texts
TRIPLES: Final = ("training", "testing", "validation")
#: The same among a dataset's arguments: those of folders and files, here and in PyKEEN
DATASET_PATHS: Final = ("path", "training_path", "testing_path", "validation_path")
#: What PyKEEN reads that is no file: an address, or what one of its importers knows. One letter and a colon are a drive
NO_FILE: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def complete_paths(configuration: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[Path]]:
    """Complete the paths of a configuration: of its text, its triples, and its co-occurrences.

    :param configuration: a configuration that was checked
    :param folder: its folder
    :return: the configuration with all paths complete, and these paths
    :raises FileNotFoundError: if nothing is there
    """
    found: list[Path] = []

    def complete_one(argument: str, path: str) -> str:
        # from the working directory as PyKEEN itself has it
        complete = next((x for x in (folder / path, Path(path)) if x.exists()), None)
        if complete is None:
            raise FileNotFoundError(
                f"{argument}={path!r} is not there: a path is relative to the configuration's folder "
                f"{str(folder.resolve())!r}, or else to the working directory."
            )
        found.append(complete)
        return str(complete)

    def complete_part(part: str, options: Any, names: tuple[str, ...]) -> dict[str, Any]:
        completed = dict(options or {})
        for name in names:
            value, argument = completed.get(name), f"{part}.{name}"
            if name in MANY_PATHS:
                paths = [value] if isinstance(value, str) else value or ()
                completed[name] = [complete_one(argument, path) for path in paths]
            elif isinstance(value, str) and not NO_FILE.match(value):
                completed[name] = complete_one(argument, value)
        return completed

    completed = dict(configuration)
    if TEXT in configuration:
        completed[TEXT] = complete_part(TEXT, configuration[TEXT], PATHS + MANY_PATHS)
    settings = complete_part("pipeline", configuration["pipeline"], TRIPLES)
    for name, paths in {"dataset_kwargs": DATASET_PATHS, "model_kwargs": (TEXT,)}.items():
        if settings.get(name):
            settings[name] = complete_part(f"pipeline.{name}", settings[name], paths)
    completed["pipeline"] = settings
    return completed, found
