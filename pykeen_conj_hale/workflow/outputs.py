"""Where a training may write: looked at before time is spent."""

from __future__ import annotations

from pathlib import Path

from ..outputs import check_apart
from .folder import ModelFolder

__all__ = ["check_folder"]


def check_folder(folder: ModelFolder, source: Path, *, force: bool, resume: bool) -> None:
    """Check the folder of a training; nothing is changed.

    :param folder: the folder
    :param source: the file or the folder of triples
    :param force: whether what an earlier training wrote will be removed
    :param resume: whether an interrupted training goes on there
    :raises ValueError: if both are asked for, if source and folder lie in each other, or if the folder holds something
        else
    :raises OSError: if there is something and nothing of this was asked for, or nothing to go on with
    """
    if force and resume:
        raise ValueError("force and resume exclude each other: one trains anew, the other goes on.")
    output = str(folder.path)
    if folder.path.exists() and not folder.path.is_dir():
        raise NotADirectoryError(f"output={output!r} is a file: name a folder.")
    check_apart(folder.path, [source])
    if resume:
        folder.read_configuration()
        if folder.weights.exists():
            raise ValueError(
                f"output={output!r} holds a training that has ended: there is nothing to go on with. Name another "
                "folder, or train anew by --force (force=True)."
            )
    elif found := folder.content():
        if force:
            folder.read_configuration()
            return
        raise FileExistsError(
            f"output={output!r} is not empty (it has {', '.join(found[:5])}{', …' if len(found) > 5 else ''}) and is "
            "left as it is: name another folder, replace an earlier training by --force (force=True), or go on with an "
            "interrupted one by --resume (resume=True)."
        )
