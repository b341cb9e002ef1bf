"""The tables of a model with sharded entities as files of safetensors, one per process, read back by one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from pykeen.models import ERModel
from torch import Tensor

from ..checks import check_path
from ..extras import import_safetensors
from ..files import replacing
from .embedding import ShardedEmbedding

__all__ = ["export_shards", "read_shards"]


def export_shards(folder: str | Path, model: ERModel[Any, Any, Any]) -> Path:
    """Write the rows of this process, ``shard-00001-of-00004.safetensors``; to be called by each process of a replica.

    Entities are ``entity.0``, …; the first process also writes the relations, ``relation.0``, …. Complex numbers are
    pairs of real ones, in a last dimension of size 2. The metadata say which rows these are.

    :param folder: the folder
    :param model: the model
    :return: the file
    :raises ValueError: if the model's entities are not sharded
    """
    folder = check_path("folder", folder).expanduser()
    tables = list(model.entity_representations)
    first = tables[0]
    if not isinstance(first, ShardedEmbedding):
        raise ValueError(f"model={type(model).__name__} has no sharded entities: export_embeddings writes its tables.")
    own, shards = first.own, first.shards
    assert shards is not None
    with torch.inference_mode():
        tensors = {f"entity.{i}": _real(x.own_rows()) for i, x in enumerate(tables) if isinstance(x, ShardedEmbedding)}
        if shards.rank == 0:
            tensors |= {f"relation.{i}": _real(x(None)) for i, x in enumerate(model.relation_representations)}
    about = dict(model=type(model).__name__, first_row=own.start, rows=len(own), all_rows=first.max_id)
    path = folder / f"shard-{shards.rank + 1:05}-of-{shards.size:05}.safetensors"
    content = import_safetensors().torch.save(tensors, metadata={"shard": json.dumps(about)})
    with replacing(path) as file:
        file.write(content)
    return path


def read_shards(folder: str | Path) -> dict[str, Tensor]:
    """Read the tables of all shards into one process, where they fit.

    :param folder: the folder of :func:`export_shards`
    :return: the tables by name
    :raises ValueError: if files are missing
    """
    folder = check_path("folder", folder).expanduser()
    paths = sorted(folder.glob("shard-*-of-*.safetensors"))
    if not paths or {len(paths)} != {int(path.stem.rpartition("-")[2]) for path in paths}:
        raise ValueError(f"folder={str(folder)!r} has {len(paths)} shards, and not as many as their names say.")
    tables: dict[str, Tensor] = {}
    for path in paths:
        with import_safetensors().safe_open(path, framework="pt") as file:
            about = json.loads(file.metadata()["shard"])
            for name in file.keys():  # noqa: SIM118 (no dictionary)
                part = file.get_tensor(name)
                if name.startswith("relation."):
                    tables[name] = part
                    continue
                whole = tables.setdefault(name, part.new_empty(about["all_rows"], *part.shape[1:]))
                whole[about["first_row"] : about["first_row"] + about["rows"]] = part
    return tables


def _real(x: Tensor) -> Tensor:
    return (torch.view_as_real(x) if x.is_complex() else x).cpu().contiguous()
