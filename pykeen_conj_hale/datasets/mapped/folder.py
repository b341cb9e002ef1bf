"""What is in a folder of mapped triples: files of NumPy arrays, and a small description that says of what."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

__all__ = ["DESCRIPTION", "KINDS", "SPLITS", "Description", "check_replaceable", "map_array", "writing_array"]

DESCRIPTION: Final = "dataset.json"
SPLITS: Final = ("training", "validation", "testing")
KINDS: Final = ("entities", "relations")
#: All files of a folder
_FILES: Final = {
    DESCRIPTION,
    *(f"{split}.npy" for split in SPLITS),
    *(f"{kind}.{part}.npy" for kind in KINDS for part in ("text", "starts")),
}
_FORMAT: Final = "mapped triples of pykeen-conj-hale"
_VERSION: Final = 1


@dataclasses.dataclass(frozen=True)
class Description:
    """The counts of a folder of mapped triples."""

    #: The number of entities of all splits
    entities: int
    #: The number of relations of all splits, without inverse ones
    relations: int
    #: The number of triples of each split
    triples: Mapping[str, int]

    def __str__(self) -> str:
        counts = ", ".join(f"{self.triples[split]:,} {split}" for split in SPLITS)
        return f"{self.entities:,} entities, {self.relations:,} relations, triples: {counts}"

    def write(self, folder: Path) -> None:
        """Write the description, as the last file of the folder.

        :param folder: the folder
        """
        content = dict(format=_FORMAT, version=_VERSION, **dataclasses.asdict(self))
        (folder / DESCRIPTION).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Description:
        """Read the description of a folder.

        :param folder: the folder
        :return: the description
        :raises FileNotFoundError: if the folder has none
        :raises ValueError: if it is that of another format, or of a later version, or damaged
        """
        path = folder / DESCRIPTION
        if not path.is_file():
            raise FileNotFoundError(
                f"path={str(folder)!r} is no folder of mapped triples: it has no {DESCRIPTION}. "
                "`pykeen-conj-hale triples build` makes one of a folder of files."
            )
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format"] != _FORMAT or content["version"] != _VERSION:
                raise ValueError(f"format {content['format']!r}, version {content['version']!r}")
            return cls(*(content[field.name] for field in dataclasses.fields(cls)))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(
                f"{path}: not the description of {_FORMAT}, version {_VERSION} ({error!r}); build the folder anew."
            ) from error


def check_replaceable(folder: Path) -> None:
    """Check that a folder holds nothing but mapped triples, so that nothing else is lost where it is replaced.

    :param folder: the folder; nothing needs to be there, and what has no description is left to the caller
    :raises FileExistsError: if its description is not one of mapped triples, or if it holds further files
    """
    if not (folder / DESCRIPTION).is_file():
        return
    kept = f"output={str(folder)!r} is left as it is"
    try:
        Description.read(folder)
    except ValueError as error:
        raise FileExistsError(
            f"{kept}: `triples build` did not write it, or it is damaged; name another one ({error})"
        ) from error
    if others := sorted(entry.name for entry in folder.iterdir() if entry.name not in _FILES):
        more = f" and {len(others) - 10} more" if len(others) > 10 else ""
        raise FileExistsError(
            f"{kept}: it holds what `triples build` does not write, {', '.join(others[:10])}{more}, and all would be "
            "lost; move that elsewhere, or name another folder."
        )


def map_array(path: Path, shape: tuple[int, ...], dtype: type[np.generic]) -> npt.NDArray[Any]:
    """Map an array from its file. Its pages are read when they are used, and processes of a machine share them.

    :param path: the file
    :param shape: its shape
    :param dtype: its type
    :return: the array; what is written to it stays in this process
    :raises ValueError: if the file is not such an array
    :raises OSError: if the file cannot be read
    """
    try:
        # copy on write: PyTorch has no tensors that are read only
        array: npt.NDArray[Any] = np.load(path, mmap_mode="c")
    except (ValueError, EOFError) as error:
        raise ValueError(f"{path}: no array of NumPy, or cut off ({error}); build the folder anew.") from error
    if array.shape != shape or array.dtype != dtype or not array.flags.c_contiguous:
        raise ValueError(
            f"{path}: an array of {array.dtype} and shape {array.shape}, where {np.dtype(dtype)} and {shape} are "
            "expected; build the folder anew."
        )
    return array


@contextmanager
def writing_array(
    path: Path, shape: tuple[int, ...], dtype: type[np.generic]
) -> Iterator[Callable[[npt.NDArray[Any]], None]]:
    """Write an array part by part, without having all of it in memory.

    :param path: the file
    :param shape: the shape of the array
    :param dtype: its type
    :yields: a function that writes the next rows
    """
    with path.open("wb") as file:
        header = dict(descr=np.lib.format.dtype_to_descr(np.dtype(dtype)), fortran_order=False, shape=shape)
        np.lib.format.write_array_header_1_0(file, header)
        yield lambda rows: np.ascontiguousarray(rows, dtype).tofile(file)
