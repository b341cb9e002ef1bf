"""Checkpoints of distributed tensors, which any number of processes reads: a folder that is there as a whole."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor
from torch import distributed as dist
from torch.distributed.checkpoint.filesystem import FileSystemReader
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load
from torch.distributed.checkpoint.state_dict_saver import save

from .embedding import ShardedEmbedding

__all__ = ["distributed", "read_about", "read_model", "read_tensors", "shapes_of", "write_checkpoint"]

#: Beside the tensors: what is no tensor
_ABOUT: Final = "about.pt"


def distributed(tensors: Mapping[str, Tensor], tables: Mapping[str, ShardedEmbedding]) -> dict[str, Tensor]:
    """View the own rows of tables, and what an optimizer has for each of them, as parts of distributed tensors.

    :param tensors: the tensors by name; what follows a colon is not part of the name of a table's parameter
    :param tables: the tables by the names of their parameters
    :return: the tensors by name; those of no table, and single numbers, as they are
    """
    whole = {}
    for key, tensor in tensors.items():
        table = tables.get(key.partition(":")[0])
        is_rows = table is not None and tensor.ndim and len(tensor) == len(table.own)
        whole[key] = table.shards.whole(tensor, table.max_id) if is_rows else tensor  # type: ignore[union-attr]
    return whole


def write_checkpoint(path: Path, tensors: Mapping[str, Tensor], about: Mapping[str, Any]) -> None:
    """Write a checkpoint by all processes.

    It is written beside its place. A process that ends in between leaves the checkpoint before as it was.

    :param path: the folder
    :param tensors: the tensors by name, those with rows of this process distributed
    :param about: what is no tensor; that of the first process counts
    """
    part = path.with_name(f"{path.name}.part")
    if dist.get_rank() == 0:
        shutil.rmtree(part, ignore_errors=True)
    dist.barrier()
    save(dict(tensors), checkpoint_id=part)
    if dist.get_rank() == 0:
        torch.save(dict(about), part / _ABOUT)
        before = _before(path)
        if path.exists():
            # a process that was killed while it removed this has left a part of it, which would be in the way
            shutil.rmtree(before, ignore_errors=True)
            os.replace(path, before)
        os.replace(part, path)
        shutil.rmtree(before, ignore_errors=True)
    dist.barrier()


def _before(path: Path) -> Path:
    """Name the place of the checkpoint before, while the new one is put in its place."""
    return path.with_name(f"{path.name}.before")


def read_about(path: Path) -> dict[str, Any]:
    """Read what is no tensor, without executing anything.

    :param path: the folder
    :return: what :func:`write_checkpoint` was given
    :raises ValueError: if there is no checkpoint
    """
    if not (path / _ABOUT).is_file():
        before = _before(path)
        hint = f" A process that was killed has left the one before: {before}." if (before / _ABOUT).is_file() else ""
        raise ValueError(f"path={str(path)!r} is no checkpoint of sharded entities: it has no {_ABOUT}.{hint}")
    about: dict[str, Any] = torch.load(path / _ABOUT, map_location="cpu", weights_only=True)
    return about


def shapes_of(path: Path, prefix: str) -> dict[str, tuple[torch.Size, torch.dtype]]:
    """List the tensors of a checkpoint.

    :param path: the folder
    :param prefix: what their names begin with
    :return: whole shapes and types, by their names without the prefix
    """
    metadata = FileSystemReader(path).read_metadata().state_dict_metadata
    return {
        key.removeprefix(prefix): (value.size, value.properties.dtype)
        for key, value in metadata.items()
        if key.startswith(prefix) and isinstance(value, TensorStorageMetadata)
    }


def read_tensors(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Read tensors, of distributed ones the rows of this process; all processes of a training together, or one alone.

    :param path: the folder
    :param tensors: the tensors by name, filled in place
    """
    load(dict(tensors), checkpoint_id=path, no_dist=not dist.is_initialized())


def read_model(path: str | Path) -> dict[str, Tensor]:
    """Read all of a model into one process, where it fits.

    An unsharded module of the same arguments loads it: ``module.load_state_dict(read_model(path))``.

    :param path: the folder of a checkpoint
    :return: the tensors of the module by name
    :raises ValueError: if there is no checkpoint
    """
    path = Path(path)
    read_about(path)
    tensors = {name: torch.empty(shape, dtype=dtype) for name, (shape, dtype) in shapes_of(path, "model:").items()}
    load({f"model:{name}": tensor for name, tensor in tensors.items()}, checkpoint_id=path, no_dist=True)
    return tensors
