"""The processes that share the rows of a table, and which of them has which rows."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.distributed import ProcessGroup
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor, Shard

__all__ = ["Shards"]


@dataclass(frozen=True)
class Shards:
    """The processes that share rows: of S processes, each has the next ⌈n / S⌉ of n rows, and the last one the rest.

    These are the rows that PyTorch's ``DTensor`` gives a process under ``Shard(0)``, so that a process's rows are a
    part of one distributed tensor without being moved.
    """

    #: The processes, one-dimensional
    mesh: DeviceMesh

    @property
    def group(self) -> ProcessGroup:
        """PyTorch's group of the processes."""
        return self.mesh.get_group()

    @property
    def rank(self) -> int:
        """The number of this process among them, from 0."""
        return self.mesh.get_local_rank()

    @property
    def size(self) -> int:
        """The number S of processes."""
        return self.mesh.size()

    def rows(self, num: int) -> range:
        """List the rows of this process.

        :param num: the number n of all rows
        :return: the ids of its rows; one at least
        :raises ValueError: if a process would have no row
        """
        each = -(-num // self.size)
        if each * (self.size - 1) >= num:
            raise ValueError(
                f"shards={self.size} is not allowed for {num} entities: with {each} of them per process, the last "
                "process has none. Use fewer processes."
            )
        return range(self.rank * each, min((self.rank + 1) * each, num))

    def whole(self, own: Tensor, num: int) -> DTensor:
        """View own rows as a part of a distributed tensor.

        :param own: shape: ``(num_own_rows, *shape)``
        :param num: the number n of all rows
        :return: shape: ``(num, *shape)``; it shares the memory of own
        """
        shape = torch.Size([num, *own.shape[1:]])
        strides = torch.empty(shape, device="meta").stride()
        return DTensor.from_local(own, self.mesh, [Shard(0)], run_check=False, shape=shape, stride=strides)
