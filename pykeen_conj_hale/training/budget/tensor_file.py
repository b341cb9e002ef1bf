"""Files of tensors: written whole, read without executing anything."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import IO, Any

import torch

from ...files import replacing

__all__ = ["UnreadableFileError", "read_tensors", "write_tensors"]


class UnreadableFileError(ValueError):
    """A file that is damaged, or that holds something other than tensors and plain data."""


def write_tensors(path: Path, content: Any) -> None:
    """Write a file in place of the previous one, which stays if that fails.

    :param path: the file
    :param content: tensors, numbers, texts and containers of these
    :raises OSError: if the file cannot be written
    """
    with replacing(path) as file:
        writer = _Writer(file)
        try:
            torch.save(content, writer)  # type: ignore[arg-type]
        except RuntimeError:
            # PyTorch says something about positions where the disk is full
            if writer.error is not None:
                raise writer.error from None
            raise


def read_tensors(path: Path) -> Any:
    """Read a file without executing anything that is in it, checksums included.

    Tensors go into the host's memory, as a device has their like already. Whoever loads them moves what has to be
    moved, which is not all: Adam counts its steps on the host, unless it is fused.

    :param path: the file
    :return: the content
    :raises UnreadableFileError: if the file is damaged, or holds what only code could restore
    :raises OSError: if there is no such file
    """
    with path.open("rb") as file:
        try:
            # PyTorch itself does not look at the checksums
            torn = zipfile.ZipFile(file).testzip()
            if torn is not None:
                raise UnreadableFileError(f"its part {torn!r} does not fit its checksum")
            file.seek(0)
            return torch.load(file, map_location="cpu", weights_only=True)
        except UnreadableFileError:
            raise
        # in our own words: PyTorch's advice is to switch the safety off
        except pickle.UnpicklingError as error:
            raise UnreadableFileError("it holds something other than tensors and plain data") from error
        # whatever a parser makes of bytes that mean nothing
        except Exception as error:
            raise UnreadableFileError("it is no whole archive of tensors") from error


class _Writer:
    """Remembers why a file could not be written: PyTorch makes another error of it.

    :param file: the file
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush."""
        self._file.flush()
