"""The lines of a text file, plain or gzipped."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

__all__ = ["read_lines"]


def read_lines(path: Path, max_bytes: int | None = None) -> Iterator[str]:
    """Read the lines of a text file.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`
    :param max_bytes: a longer line is cut, at a space if there is one; None for whole lines
    :yields: the lines, with their ends
    :raises ValueError: if the file is not UTF-8 (with the byte offset in the unpacked text), or broken gzip data
    """
    offset = 0
    for raw in _raw_lines(path, max_bytes):
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(
                f"{path}: not UTF-8 at byte offset {offset + error.start} ({raw[error.start : error.start + 4]!r}); "
                "save the file as UTF-8."
            ) from error
        yield text if offset else text.removeprefix("\ufeff")
        offset += len(raw)


def _raw_lines(path: Path, max_bytes: int | None) -> Iterator[bytes]:
    rest = b""
    try:
        is_packed = path.suffix.lower() == ".gz"
        with cast(IO[bytes], gzip.open(path) if is_packed else path.open("rb")) as file:
            while line := file.readline(-1 if max_bytes is None else max_bytes - len(rest)):
                line, rest = rest + line, b""
                if len(line) == max_bytes and not line.endswith(b"\n"):
                    at = line.rfind(b" ") + 1 or _last_character(line)
                    line, rest = line[:at], line[at:]
                yield line
            if rest:
                yield rest
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{path}: broken gzip data ({error}); pack the file anew.") from error


def _last_character(line: bytes) -> int:
    """Find where the last character begins, which the end of the line may cut."""
    at = len(line) - 1
    while at > 1 and line[at] & 0xC0 == 0x80:
        at -= 1
    return at
