"""Files that a command is going to write: looked at before the work whose results they are to hold."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .files import check_output, resolve_output

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
        # refuses what is no regular file
        target = resolve_output(output, "output")
        if target.exists():
            if any(target.samefile(path) for path in read):
                raise ValueError(f"output={str(output)!r} is an input, too, and would be lost: name another file.")
            if not force:
                raise FileExistsError(
                    f"output={str(output)!r} is there already, and is left as it is: name another one, or replace it "
                    "by --force (force=True)."
                )
        check_output(output, "output")
