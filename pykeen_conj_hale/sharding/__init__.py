"""Entities sharded over processes: each holds a part of the rows of their tables; all together are exact."""

from .embedding import ShardedEmbedding, sharded_tables
from .export import export_shards, read_shards
from .shards import Shards

__all__ = ["ShardedEmbedding", "Shards", "export_shards", "read_shards", "sharded_tables"]
