"""What a module with sharded entities has to see to: its tables, its processes, and what it cannot do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from class_resolver import HintOrType
from pykeen.models import Model, model_resolver
from pytorch_lightning import Trainer
from torch import Tensor, distributed, nn

from ...checks import look_up
from ...nn.query import QueryInteraction
from ...sharding.embedding import ShardedEmbedding, sharded_tables
from .strategy import EntityShardsStrategy

__all__ = ["average_gradients", "check_trainer", "give_rows", "with_sharded_entities"]


def with_sharded_entities(model: HintOrType[Model], kwargs: Mapping[str, Any] | None) -> dict[str, Any]:
    """Let a model be made with tables of entities that are sharded.

    :param model: the model's name or class
    :param kwargs: its arguments
    :return: the arguments, with the tables
    :raises ValueError: if the model is no query model, or its entities are no plain embeddings
    """
    if isinstance(model, Model):
        raise ValueError("shard_entities=True needs the model by its name or class: one that is made has all entities.")
    cls = look_up(model_resolver, "model", model)
    interaction = getattr(cls, "interaction_class", None)
    if not (isinstance(interaction, type) and issubclass(interaction, QueryInteraction)):
        raise ValueError(
            f"shard_entities=True is not possible with model={cls.__name__}: it is no query model, as RotE or "
            "ConjComplEx are, whose entities are plain embeddings."
        )
    kwargs = dict(kwargs or {})
    if "entity_representations" in kwargs:
        raise ValueError("shard_entities=True chooses entity_representations itself; leave that out of model_kwargs.")
    return {**kwargs, "entity_representations": ShardedEmbedding}


def check_trainer(trainer: Trainer, shard_entities: bool) -> None:
    """Check that trainer and module agree.

    :param trainer: the trainer
    :param shard_entities: what the module was made with
    :raises ValueError: if they do not
    """
    if isinstance(trainer.strategy, EntityShardsStrategy) != shard_entities:
        raise ValueError(
            f"shard_entities={shard_entities} and strategy={type(trainer.strategy).__name__} do not go together: "
            'sharded entities need Trainer(strategy="entity_shards"), and only they do.'
        )
    if shard_entities and trainer.gradient_clip_val and trainer.gradient_clip_algorithm != "value":
        raise ValueError(
            f"gradient_clip_val={trainer.gradient_clip_val} is not possible where entities are sharded: no process has "
            'the norm of all gradients. gradient_clip_algorithm="value" is.'
        )


def give_rows(module: nn.Module, strategy: EntityShardsStrategy, seed: int) -> None:
    """Let the tables of a module have the rows of this process, with their initial values; nothing if they have them.

    :param module: the module
    :param strategy: the strategy
    :param seed: the seed of the initial values, the same in all processes
    """
    for index, (_, table) in enumerate(sharded_tables(module)):
        if table.shards is None:
            table.share(strategy.entity_shards, strategy.root_device, seed + (index << 40))
    # all that every process has begins alike
    names = {name for name, _ in sharded_tables(module)}
    for name, tensor in module.state_dict(keep_vars=True).items():
        if name not in names:
            with torch.no_grad():
                distributed.broadcast(_on_device(tensor, strategy), src=0)


def _on_device(tensor: Tensor, strategy: EntityShardsStrategy) -> Tensor:
    if tensor.device != strategy.root_device:
        tensor.data = tensor.data.to(strategy.root_device)
    return tensor.data


def average_gradients(module: nn.Module, strategy: EntityShardsStrategy) -> None:
    """Average the gradients over replicas.

    :param module: the module, whose gradients are dense
    :param strategy: the strategy
    """
    mesh = strategy.device_mesh["data_parallel"]
    if mesh.size() == 1:
        return
    for parameter in module.parameters():
        if parameter.grad is not None:
            distributed.all_reduce(parameter.grad, group=mesh.get_group())
            parameter.grad.div_(mesh.size())
