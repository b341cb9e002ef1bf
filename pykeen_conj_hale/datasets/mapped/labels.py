"""Labels that are mapped from files: any of them is found without reading the others."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, overload

import numpy as np

from .folder import map_array, writing_array

__all__ = ["MappedLabels", "write_labels"]


class MappedLabels(Sequence[str]):
    """The labels of ids 0, 1, …, sorted by their characters, as Python sorts texts.

    They are one array of bytes, in UTF-8, and one that says where each begins. Both stay on the disk: a label takes no
    memory of the process before it is asked for.
    """

    def __init__(self, folder: Path, kind: str, num: int) -> None:
        """Map the labels.

        :param folder: the folder of mapped triples
        :param kind: ``"entities"`` or ``"relations"``
        :param num: the number of labels
        :raises ValueError: if the files do not hold so many labels
        :raises OSError: if a file cannot be read
        """
        self._starts = map_array(_starts_path(folder, kind), (num + 1,), np.int64)
        self._text = map_array(_text_path(folder, kind), (int(self._starts[-1]),), np.uint8)
        self._kind = kind

    def __len__(self) -> int:
        return len(self._starts) - 1

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> list[str]: ...

    def __getitem__(self, index: int | slice) -> str | list[str]:
        """Get the label of an id, or those of a slice of ids."""
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        place = range(len(self))[index]  # also from the end; refuses what is beyond it
        return self._text[self._starts[place] : self._starts[place + 1]].tobytes().decode()

    def find(self, label: str) -> int:
        """Find the id of a label, by bisection.

        :param label: the label
        :return: the id
        :raises ValueError: if there is no such label
        """
        place = bisect_left(self, label)
        if place == len(self) or self[place] != label:
            raise ValueError(f"label={label!r} is none of the {len(self)} {self._kind}.")
        return place


def write_labels(folder: Path, kind: str, num: int, num_bytes: int, parts: Iterable[Any]) -> None:
    """Write labels, part by part.

    :param folder: the folder of mapped triples
    :param kind: ``"entities"`` or ``"relations"``
    :param num: the number of labels
    :param num_bytes: the number of their bytes in UTF-8
    :param parts: the sorted labels, as arrays of Arrow of the type ``large_string``
    """
    end = 0
    with (
        writing_array(_starts_path(folder, kind), (num + 1,), np.int64) as write_starts,
        writing_array(_text_path(folder, kind), (num_bytes,), np.uint8) as write_text,
    ):
        for part in parts:
            _, offsets, data = part.buffers()
            own = np.frombuffer(offsets, np.int64)[part.offset : part.offset + len(part) + 1]
            write_starts(own[:-1] - own[0] + end)
            write_text(np.frombuffer(data, np.uint8)[own[0] : own[-1]])
            end += int(own[-1] - own[0])
        write_starts(np.array([end]))


def _starts_path(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.starts.npy"


def _text_path(folder: Path, kind: str) -> Path:
    return folder / f"{kind}.text.npy"
