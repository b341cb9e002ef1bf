"""From a graph to settings."""

from __future__ import annotations

from typing import Any

from pykeen.losses import loss_resolver
from pykeen.models import Model, model_resolver

from ..checks import check_number, look_up
from .graph import Graph
from .settings import Settings
from .table import WARMUP, Kind, kind_of

__all__ = ["choose_settings"]


def choose_settings(
    graph: Graph, *, seconds: float | None = None, model: str | None = None, loss: str | None = None
) -> Settings:
    """Choose what to train with.

    :param graph: the graph
    :param seconds: the time budget, > 0; None to train a number of epochs
    :param model: the model's name; None for the one that is best for the kind of graph
    :param loss: the loss's name; None for HaLE
    :return: the settings
    :raises ValueError: if there is no model or loss of that name, or seconds is no number > 0
    """
    kind = kind_of(graph)
    model_cls = look_up(model_resolver, "model", kind.model if model is None else model)
    loss_name = look_up(loss_resolver, "loss", "HaLE" if loss is None else loss).__name__.removesuffix("Loss")
    return Settings(
        kind=kind.name,
        model=model_cls.__name__,
        loss=loss_name,
        batch_size=kind.batch_size,
        num_epochs=kind.num_epochs,
        learning_rate=kind.learning_rate,
        warmup=WARMUP,
        model_kwargs=_model_kwargs(kind, model_cls),
        loss_kwargs=_loss_kwargs(kind, loss_name),
        n3=kind.n3,
        seconds=None if seconds is None else check_number("seconds", seconds, above=0),
    )


def _model_kwargs(kind: Kind, model: type[Model]) -> dict[str, Any]:
    """Choose the options of a query model; any other model keeps its own."""
    interaction = getattr(model, "interaction_class", None)
    if interaction is None:
        return {}
    return dict(
        embedding_dim=kind.real_dim // 2 if interaction.is_complex else kind.real_dim,
        similarity=getattr(model, "similarity_default", None) or kind.similarity,
        relation_scale=model.relation_scale_default or kind.relation_scale,  # type: ignore[attr-defined]
        tail_bias=model.tail_bias_default,  # type: ignore[attr-defined]
    )


def _loss_kwargs(kind: Kind, loss: str) -> dict[str, Any]:
    """Choose the arguments of the losses that are HaLE's."""
    if loss == "HaLE":
        return dict(kind.hale)
    if loss == "AllNeg":
        return dict(activation="none", candidates=kind.hale["candidates"])
    return {}
