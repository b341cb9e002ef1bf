"""Files that are whole or not there, and the same for the same content."""

from __future__ import annotations

import json
import os
import tempfile
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np

__all__ = ["load_arrays", "replacing", "save_arrays"]

#: The earliest date that a zip archive can hold: that of today would make each file another
DATE = (1980, 1, 1, 0, 0, 0)


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Write a file beside its target, and put it in the target's place once it is whole and on the disk.

    :param path: the target; its folder is made if it is missing
    :yields: a binary file to write to
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # mkstemp's files are their owner's only
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def save_arrays(path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write an npz file whose bytes depend on nothing but the content.

    :param path: the file
    :param header: what JSON can hold
    :param arrays: numpy arrays by name
    """
    text = json.dumps(header, sort_keys=True, ensure_ascii=False).encode()
    members = {"header": np.frombuffer(text, dtype=np.uint8), **arrays}
    # not compressed: another version of zlib would make other bytes
    with replacing(path) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, values in members.items():
            info = zipfile.ZipInfo(f"{name}.npy", date_time=DATE)
            info.create_system, info.external_attr = 3, 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.ascontiguousarray(values), version=(1, 0), allow_pickle=False)


def load_arrays(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read what :func:`save_arrays` wrote.

    :param path: the file
    :return: the header and the arrays
    :raises FileNotFoundError: if there is no such file
    :raises ValueError: if it is no such file, or damaged
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        return json.loads(arrays.pop("header").tobytes()), arrays
    except FileNotFoundError:
        raise
    except (AttributeError, EOFError, KeyError, OSError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise ValueError(f"{os.fspath(path)!r} is no file of co-occurrences, or it is damaged ({error!r}).") from error
