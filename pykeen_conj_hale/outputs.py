"""Files that a command is going to write: looked at, and held, before the work whose results they are to hold."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .files import check_output, resolve_output
from .locks import only_writer

__all__ = ["check_apart", "check_outputs", "hold_outputs", "if_possible"]

logger = logging.getLogger(__name__)


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


def check_apart(output: Path, inputs: Iterable[Path]) -> None:
    """Check that a folder is apart from what is read for it, which would be lost or changed.

    :param output: the folder to write
    :param inputs: files and folders that are read
    :raises ValueError: if the folder is, holds, or is in one of them
    """
    target = output.resolve()
    for place in inputs:
        found = place.expanduser().resolve()
        if target == found or target in found.parents or found in target.parents:
            what = "is" if target == found else "holds" if target in found.parents else "is in"
            raise ValueError(f"output={str(output)!r} {what} the input {str(place)!r}: name a folder apart from it.")


@contextmanager
def hold_outputs(
    outputs: Sequence[str | os.PathLike[str]], inputs: Iterable[str | os.PathLike[str]] = (), *, force: bool = False
) -> Iterator[None]:
    """Check files as :func:`check_outputs` does, and be the only one who writes to them, among those who ask this way.

    :param outputs: the files to write. The first one stands for all: whoever writes to one of them writes to it, too
    :param inputs: the files that are read for them
    :param force: whether files that are there may be replaced; an input never is
    :yields: nothing
    :raises ValueError: if an output is an input, too
    :raises FileInUseError: if another one writes to the files
    :raises FileExistsError: if a file is there
    :raises OSError: if a file cannot be written, or is no regular file
    """
    inputs = list(inputs)
    check_outputs(outputs, inputs, force=force)
    with only_writer(outputs[0], "output"):
        # another process may have been faster
        check_outputs(outputs, inputs, force=force)
        yield


@contextmanager
def if_possible(path: Path) -> Iterator[None]:
    """Write a file that a result can do without: if it cannot hold what it is for, a warning takes its place.

    :param path: the file. One that is there does not stay then: it is of an earlier run
    :yields: nothing
    """
    try:
        yield
    except (ImportError, ValueError) as error:
        path.unlink(missing_ok=True)
        logger.warning("No %s: %s", path.name, error)
