"""Files that one process writes at a time: the second one is told who the first one is, before it begins its work."""

from __future__ import annotations

import json
import logging
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from filelock import FileLock, Timeout

from .files import check_output, name_beside

__all__ = ["WAIT_SECONDS", "FileInUseError", "only_writer"]

logger = logging.getLogger(__name__)

#: The seconds that are waited for the process before, which may be ending: it was killed, or a cluster has requeued it
WAIT_SECONDS: Final = 5.0


class FileInUseError(OSError):
    """Raised if another process, or another training of this process, writes to a file."""


@contextmanager
def only_writer(path: str | os.PathLike[str], argument: str = "path") -> Iterator[Path]:
    """Be the only one who writes to a file, among those who ask this way; also on a file system of several machines.

    A process that is killed holds nothing any more. The lock is a hidden file beside the file.

    :param path: the file; nothing needs to be there
    :param argument: the name of the argument which holds the path, for the errors
    :yields: what :func:`~pykeen_conj_hale.files.check_output` returns
    :raises FileInUseError: if another one writes to the file, with its process, machine and time
    :raises OSError: if the file cannot be written
    """
    target = check_output(path, argument)
    hidden = target.with_name(f".{target.name}")
    holder = name_beside(hidden, ".holder")
    lock = FileLock(name_beside(hidden, ".lock"))
    try:
        lock.acquire(timeout=WAIT_SECONDS)
    except Timeout as error:
        raise FileInUseError(
            f"{argument}={str(path)!r} is in use by {_describe(holder)}: wait for its end, or name another file."
        ) from error
    except NotImplementedError:
        logger.warning(
            "%s=%s: this file system has no locks, so that nothing keeps two processes from writing to the file.",
            argument,
            path,
        )
        yield target
        return
    try:
        me: dict[str, Any] = {"process": os.getpid(), "machine": socket.gethostname()}
        holder.write_text(json.dumps({**me, "since": datetime.now().astimezone().isoformat(timespec="seconds")}))
        yield target
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def _describe(holder: Path) -> str:
    """Describe who holds a lock."""
    try:
        found = json.loads(holder.read_text())
        return f"process {found['process']} on {found['machine']} since {found['since']}"
    except (OSError, ValueError, LookupError, TypeError):
        return "another process"  # which has not yet written who it is
