"""Files that stay whole, whatever happens while they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["append_json_line", "replacing"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Write a file beside its target, and put it in the target's place once it is whole and on the disk.

    Until then, and if anything goes wrong, the previous file stays.

    :param path: the target, which one process writes at a time; its folder is made if there is none
    :yields: a binary file to write to
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")  # one name, so that kills leave one such file at most
    try:
        with part.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_directory(path.parent)


def append_json_line(path: str | os.PathLike[str], line: Mapping[str, Any]) -> None:
    """Append a JSON object as a line, which is on the disk when this returns.

    :param path: the file; it is made if there is none, with its folder
    :param line: the object
    :raises ValueError: if JSON has no such value, as NaN; the file stays as it was
    """
    path = Path(path)
    text = json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab+") as file:
        if file.tell():
            # a line that was cut off stays a line of its own
            file.seek(-1, os.SEEK_END)
            if file.read() != b"\n":
                file.write(b"\n")
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    """Have the renaming reach the disk, where the platform can open directories."""
    try:
        descriptor = os.open(directory, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
