"""Checkpoint files: they cannot tear, hold no code, and are told apart from damaged and foreign ones.

A file holds a dictionary of tensors, numbers, texts and containers of these, which PyTorch reads with
``weights_only=True``, so that loading one never executes anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from torch import Tensor

from .tensor_file import UnreadableFileError, read_tensors, write_tensors

__all__ = ["CheckpointError", "load_checkpoint", "plain", "save_checkpoint"]

FORMAT: Final = "pykeen-conj-hale checkpoint"
VERSION: Final = 1


class CheckpointError(ValueError):
    """A checkpoint that cannot be used, or a state that cannot be put into one."""


def plain(value: Any, name: str = "state") -> Any:
    """Make plain data of a state: tensors, numbers, texts, and dictionaries, lists and tuples of these.

    :param value: the state
    :param name: where it is from, for the error
    :return: the same with plain containers and numbers
    :raises CheckpointError: if there is anything else, which could be stored as code only
    """
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, bool | int | float | str | bytes):
        return value
    if isinstance(value, Tensor):
        return value.detach()
    if isinstance(value, Mapping):
        return {plain(key, name): plain(item, f"{name}.{key}") for key, item in value.items()}
    if isinstance(value, list | tuple):
        items = [plain(item, f"{name}[{i}]") for i, item in enumerate(value)]
        return items if isinstance(value, list) else tuple(items)
    raise CheckpointError(
        f"{name} is a {type(value).__name__}, which a checkpoint cannot hold: only executing code could load it. Train "
        "without a checkpoint, or without what has this state."
    )


def save_checkpoint(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint atomically.

    :param path: the file
    :param state: the state
    :raises CheckpointError: if there is something in the state which only code could restore
    :raises OSError: if the file cannot be written; the previous one stays
    """
    write_tensors(path, {"format": FORMAT, "version": VERSION, **plain(state)})


def load_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint into the host's memory, without executing anything that is in it.

    :param path: the file, which is not changed
    :return: the state
    :raises CheckpointError: if the file is damaged, or not a checkpoint of this package
    """
    try:
        content = read_tensors(path)
    except UnreadableFileError as error:
        refusal = _refusal(path, f"is damaged, or was not written by this package ({error})")
        raise CheckpointError(refusal) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise CheckpointError(_refusal(path, "was not written by this package"))
    if content["version"] != VERSION:
        raise CheckpointError(_refusal(path, f"has version {content['version']}, and {VERSION} is needed"))
    return content


def _refusal(path: Path, reason: str) -> str:
    return f"checkpoint={str(path)!r} {reason}. It is left as it is: move it away to start anew, or name another file."
