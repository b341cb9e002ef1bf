"""Files that stay whole, whatever happens while they are written, and that only take the place of files."""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import secrets
import shutil
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final

__all__ = ["append_json_line", "check_output", "name_beside", "replacing", "replacing_folder", "resolve_output"]

#: A part that nobody has written to for so many seconds was left by a process that was killed
_LEFT_SECONDS: Final = 3600.0


def resolve_output(path: str | os.PathLike[str], argument: str = "path") -> Path:
    """Find the file that an output goes to: the target of symbolic links, which stay links.

    :param path: the path; nothing needs to be there
    :param argument: the name of the argument which holds the path, for the error
    :return: the absolute path of a regular file, or of none
    :raises OSError: if there is a folder, a device, a pipe or a socket, or if the path cannot be followed
    """
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        return Path(os.path.realpath(path))
    except OSError as error:
        raise OSError(error.errno, f"{argument}={str(path)!r} cannot be written: {error.strerror}") from error
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, f"{argument}={str(path)!r} is a folder: name a file in it")
    if not stat.S_ISREG(mode):
        raise OSError(
            errno.EINVAL,
            f"{argument}={str(path)!r} is no regular file, but a device, a pipe or a socket. It is left as it is: name "
            "a file",
        )
    return Path(os.path.realpath(path))


def check_output(path: str | os.PathLike[str], argument: str = "path") -> Path:
    """Check, before the work whose result it is to hold, that a file can be written; it is not changed.

    :param path: the path; its folder is made if there is none
    :param argument: the name of the argument which holds the path, for the error
    :return: what :func:`resolve_output` returns
    :raises OSError: if the file cannot be written
    """
    target = resolve_output(path, argument)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists() and not os.access(target, os.W_OK):
            raise PermissionError(errno.EACCES, "the file that is there is not yours to write")
        part = _name_part(target)
        part.touch(exist_ok=False)
        part.unlink()
    except OSError as error:
        raise OSError(error.errno, f"{argument}={str(path)!r} cannot be written: {error.strerror}") from error
    return target


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Write a file beside its target, and put it in the target's place once it is whole and on the disk.

    Until then, and if anything goes wrong, the previous file stays. Of several processes that write at once the last
    one wins, and its file is whole, too.

    :param path: the target, or a symbolic link to it; its folder is made if there is none
    :yields: a binary file to write to
    :raises OSError: if the file cannot be written, or the target is no regular file
    """
    target = resolve_output(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    _remove_left_parts(target)
    part = _name_part(target)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    except BaseException as error:
        part.unlink(missing_ok=True)
        if isinstance(error, OSError) and error.errno is not None and error.filename is None:
            error.filename = str(path)  # a full disk, or a limit on sizes, has no name of a file
        raise
    _sync_directory(target.parent)


@contextmanager
def replacing_folder(path: str | os.PathLike[str], mark: str | None = None) -> Iterator[Path]:
    """Fill a folder beside its target, and put it in the target's place once it is whole.

    :param path: the target; an empty folder may be there
    :param mark: the name of a file; a target which has it is replaced, with all that it holds. None if none is
    :yields: the folder to fill
    :raises FileExistsError: if there is something else
    :raises OSError: if the folder cannot be written
    """
    target = Path(os.path.realpath(path))
    is_there = target.exists() and not (target.is_dir() and not any(target.iterdir()))
    if is_there and (mark is None or not (target / mark).is_file()):
        hint = "name another one" + (", or replace it by --force (force=True)" if mark is None else "")
        raise FileExistsError(f"output={str(path)!r} is there already, and is left as it is: {hint}.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part, before = _name_part(target), name_beside(target, f".{secrets.token_hex(4)}.before")
    part.mkdir()
    try:
        yield part
        if is_there:
            os.replace(target, before)
        elif target.exists():
            # Windows puts no folder in the place of another one, not even of an empty one
            target.rmdir()
        os.replace(part, target)
        shutil.rmtree(before, ignore_errors=True)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        if before.exists() and not target.exists():
            os.replace(before, target)
        raise
    _sync_directory(target.parent)


def name_beside(target: Path, suffix: str) -> Path:
    """Name a file beside another one, also where that one's name is nearly as long as names may be.

    :param target: the other file
    :param suffix: what follows its name, at most 50 characters
    :return: the path
    """
    name = target.name
    if len(os.fsencode(name)) > 200:
        name = f"{name[:30]}-{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
    return target.with_name(f"{name}{suffix}")


def append_json_line(path: str | os.PathLike[str], line: Mapping[str, Any]) -> None:
    """Append a JSON object as a line, which is on the disk when this returns.

    :param path: the file; it is made if there is none, with its folder
    :param line: the object
    :raises ValueError: if JSON has no such value, as NaN; the file stays as it was
    """
    path = Path(path)
    text = json.dumps(line, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    with resolve_output(path).open("ab+") as file:
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


def _name_part(target: Path) -> Path:
    """Name a part of this process alone."""
    return name_beside(target, f".{secrets.token_hex(4)}.part")


def _remove_left_parts(target: Path) -> None:
    """Remove the parts which processes that were killed have left."""
    pattern = glob.escape(str(name_beside(target, "."))) + "????????.part"
    for part in map(Path, glob.glob(pattern)):
        try:
            if time.time() - part.stat().st_mtime > _LEFT_SECONDS:
                part.unlink()
        except (FileNotFoundError, PermissionError):
            continue  # another process was faster, or the part is another user's
