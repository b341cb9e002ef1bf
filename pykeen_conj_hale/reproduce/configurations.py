"""Cells as configuration files, for ``pykeen experiments run``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from ..files import replacing
from .cells import Cell

__all__ = ["configuration_file", "write_configurations"]


def configuration_file(cell: Cell) -> Path:
    """Name the configuration file of a cell.

    :param cell: the cell
    :return: the path, from the folder of configurations on
    """
    name = f"{cell.dataset}_{cell.model}_{cell.strategy}.json".lower().replace("+", "-")
    return Path(cell.table) / name


def write_configurations(cells: Sequence[Cell], folder: Path, *, force: bool = False) -> list[Path]:
    """Write the configurations of cells, those of one seed only: ``pykeen experiments run`` draws seeds itself.

    :param cells: the cells
    :param folder: where to write
    :param force: whether to replace files of another content
    :return: the files
    :raises FileExistsError: if there is a file of another content; no file is written then
    """
    contents = {
        folder / configuration_file(cell): json.dumps(cell.configuration(), indent=2).encode() + b"\n"
        for cell in cells
        if cell.seed == cells[0].seed
    }
    changed = [path for path, content in contents.items() if path.exists() and path.read_bytes() != content]
    if changed and not force:
        raise FileExistsError(
            f"{len(changed)} files, of which the first is {changed[0]}, have another content: write to another folder, "
            "or replace them by --force."
        )
    for path, content in contents.items():
        with replacing(path) as file:
            file.write(content)
    return list(contents)
