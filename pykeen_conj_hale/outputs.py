"""Files that a command is going to write: looked at before the work whose results they are to hold."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

__all__ = ["check_outputs"]


def check_outputs(
    outputs: Iterable[str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str]] = (), *, force: bool = False
) -> None:
    """Check that files can be written, and that nothing is lost by it. Nothing is changed, but folders are made.

    :param outputs: the files to write
    :param inputs: the files that are read for them
    :param force: whether files that are there may be replaced; an input never is
    :raises ValueError: if an output is an input, too
    :raises FileExistsError: if a file is there
    :raises OSError: if a file cannot be written, or is no regular file
    """
    read = [Path(path) for path in inputs if os.path.exists(path)]
    for output in map(Path, outputs):
        if output.exists():
            if any(output.samefile(path) for path in read):
                raise ValueError(f"The output {str(output)!r} is an input, too, and would be lost: name another file.")
            if not stat.S_ISREG(output.stat().st_mode):
                raise OSError(f"The output {str(output)!r} is no regular file, and is left as it is: name another one.")
            if not force:
                raise FileExistsError(
                    f"The output {str(output)!r} is there already, and is left as it is: name another one, or replace "
                    "it by --force (force=True)."
                )
        _check_writable(output)


def _check_writable(output: Path) -> None:
    """Write a file of no content beside the output, and remove it."""
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        if output.exists() and not os.access(output, os.W_OK):
            raise PermissionError(None, "the file that is there is not yours to write")
        with tempfile.TemporaryFile(dir=output.parent):
            pass
    except OSError as error:
        raise OSError(f"The output {str(output)!r} cannot be written: {error.strerror}.") from error
