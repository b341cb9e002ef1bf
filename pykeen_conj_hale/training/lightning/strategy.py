"""Lightning's strategy for sharded entities: its device mesh, and checkpoints that any number of processes reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, cast

import pytorch_lightning
from pytorch_lightning.strategies import ModelParallelStrategy, StrategyRegistry
from torch import Tensor
from torch.optim import Optimizer

from ...checks import check_whole
from ...sharding.checkpoint import distributed, read_about, read_tensors, shapes_of, write_checkpoint
from ...sharding.embedding import sharded_tables
from ...sharding.shards import Shards
from .optimizer_tensors import load_optimizer_tensors, optimizer_tensors

__all__ = ["EntityShardsStrategy"]

#: Before the names of the model's tensors, and of the optimizer's
_MODEL, _OPTIMIZER = "model:", "optimizer:"


class EntityShardsStrategy(ModelParallelStrategy):
    """Trains a module with ``shard_entities=True`` in processes that share its entities.

    The processes are a mesh of ``replicas`` × ``shards``. The processes of a replica hold all entities together, and
    train the same triples; replicas share the triples of a step, and average their gradients. A checkpoint is a folder
    of :mod:`torch.distributed.checkpoint`, with Lightning's own state beside it. It is whole: it is written beside its
    place and then renamed.
    """

    def __init__(
        self, shards: int | Literal["auto"] = "auto", replicas: int = 1, timeout: timedelta = timedelta(minutes=30)
    ) -> None:
        """Initialize the strategy.

        :param shards: the number of processes that share the entities; all processes of a replica by default
        :param replicas: the number of times that the entities are there
        :param timeout: how long a process waits for the others before it ends with an error
        :raises ValueError: if a number is no whole number ≥ 1
        """
        self.shards = shards if shards == "auto" else check_whole("shards", shards)
        self.replicas = check_whole("replicas", replicas)
        super().__init__(timeout=timeout)

    def setup_environment(self) -> None:
        """Make the mesh.

        :raises ValueError: if shards times replicas is not the number of processes
        """
        processes = self.num_nodes * self.num_processes
        shards = processes // self.replicas if self.shards == "auto" else self.shards
        if shards * self.replicas != processes:
            raise ValueError(
                f"shards={self.shards} times replicas={self.replicas} is not the number of processes, {processes} "
                "(devices times num_nodes)."
            )
        self._data_parallel_size, self._tensor_parallel_size = self.replicas, shards
        super().setup_environment()

    @property
    def entity_shards(self) -> Shards:
        """The processes that share the entities with this one."""
        return Shards(self.device_mesh["tensor_parallel"])

    @property
    def _module(self) -> pytorch_lightning.LightningModule:
        return cast(pytorch_lightning.LightningModule, self.lightning_module)

    @property
    def lightning_restore_optimizer(self) -> bool:
        """Whether Lightning has the optimizer's state restored by this strategy."""
        return True

    def lightning_module_state_dict(self) -> dict[str, Any]:
        """View the module's tensors as distributed ones."""
        return distributed(self._module.state_dict(), dict(sharded_tables(self._module)))

    def optimizer_state(self, optimizer: Optimizer) -> dict[str, Any]:
        """Take the state of an optimizer apart: its tensors by name, as distributed ones, and its options.

        :param optimizer: the optimizer
        :return: ``tensors`` and ``options``
        """
        tensors, options = optimizer_tensors(self._module, optimizer)
        return dict(tensors=distributed(tensors, dict(sharded_tables(self._module))), options=options)

    def save_checkpoint(
        self, checkpoint: dict[str, Any], filepath: str | Path, storage_options: Any | None = None
    ) -> None:
        """Write a checkpoint, by all processes.

        :param checkpoint: Lightning's
        :param filepath: the folder; a checkpoint that is there is replaced
        :param storage_options: must be None
        :raises TypeError: if storage_options is not None
        """
        if storage_options is not None:
            raise TypeError("storage_options is not possible where entities are sharded.")
        about = {key: value for key, value in checkpoint.items() if key not in ("state_dict", "optimizer_states")}
        tensors = {_MODEL + key: value for key, value in checkpoint["state_dict"].items()}
        for state in checkpoint.get("optimizer_states", [])[:1]:
            tensors |= {_OPTIMIZER + key: value for key, value in state["tensors"].items()}
            about["optimizer_options"] = state["options"]
        write_checkpoint(Path(self.broadcast(str(filepath))), tensors, about)

    def load_checkpoint(self, checkpoint_path: str | Path, weights_only: bool | None = None) -> dict[str, Any]:
        """Read all of a checkpoint but its tensors, which come once the module has agreed to it.

        :param checkpoint_path: the folder
        :param weights_only: ignored: no code is read
        :return: Lightning's state
        :raises CheckpointError: if there is no such checkpoint
        """
        self._path = Path(self.broadcast(str(checkpoint_path)))
        about = read_about(self._path)
        # save_weights_only=True leaves the optimizer out: Lightning then says that nothing can go on from here
        optimizers: list[dict[str, Any]] = [{}]
        has_optimizer = "optimizer_options" in about
        return {"state_dict": {}, **({"optimizer_states": optimizers} if has_optimizer else {}), **about}

    def load_model_state_dict(self, checkpoint: Mapping[str, Any], strict: bool = True) -> None:
        """Read the tensors of the module, each process its own rows.

        :param checkpoint: what :meth:`load_checkpoint` gave
        :param strict: ignored: all tensors must be there
        """
        state = self.lightning_module_state_dict()
        read_tensors(self._path, {_MODEL + key: value for key, value in state.items()})

    def load_optimizer_state_dict(self, checkpoint: Mapping[str, Any]) -> None:
        """Read the tensors of the optimizer, each process its own rows.

        :param checkpoint: what :meth:`load_checkpoint` gave
        """

        def fill(tensors: Mapping[str, Tensor]) -> None:
            whole = distributed(tensors, dict(sharded_tables(self._module)))
            read_tensors(self._path, {_OPTIMIZER + key: value for key, value in whole.items()})

        shapes, options = shapes_of(self._path, _OPTIMIZER), checkpoint["optimizer_options"]
        load_optimizer_tensors(self._module, self.optimizers[0], shapes, options, fill)


if "entity_shards" not in StrategyRegistry.available_strategies():
    StrategyRegistry.register("entity_shards", EntityShardsStrategy, "Entities sharded over all processes")
