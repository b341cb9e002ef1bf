"""Arrays in files: the same content always gives the same bytes."""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from ...files import replacing

__all__ = ["load_arrays", "save_arrays"]

#: The earliest date that a zip archive can hold: with today's date, files of the same content would differ
DATE = (1980, 1, 1, 0, 0, 0)


def save_arrays(path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Write an npz file; its bytes depend on the content only.

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
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except Exception as error:  # numpy, zipfile and zlib have dozens of classes for what is damaged
        # not with numpy's words, which advise to have what a stranger's file says executed
        raise ValueError(f"{os.fspath(path)!r} is no file of co-occurrences, or it is damaged.") from error
