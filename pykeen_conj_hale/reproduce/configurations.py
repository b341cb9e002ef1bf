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


def write_configurations(cells: Sequence[Cell], folder: Path) -> list[Path]:
    """Write the configurations of cells, those of one seed only: ``pykeen experiments run`` draws seeds itself.

    :param cells: the cells
    :param folder: where to write
    :return: the files
    """
    paths = []
    for cell in cells:
        if cell.seed == cells[0].seed:
            paths.append(folder / configuration_file(cell))
            with replacing(paths[-1]) as file:
                file.write(json.dumps(cell.configuration(), indent=2).encode() + b"\n")
    return paths
