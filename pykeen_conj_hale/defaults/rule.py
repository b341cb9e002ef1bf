"""From a graph to settings."""

from __future__ import annotations

from typing import Any, Final

from class_resolver import HintOrType
from pykeen.losses import Loss, loss_resolver
from pykeen.models import Model, model_resolver

from ..checks import check_number, look_up
from .graph import Graph
from .rates import WARMUP, scaled_learning_rate
from .settings import Settings
from .table import Recipe, kind_of

__all__ = ["choose_settings"]

#: Adam's learning rate for losses that do not name theirs, for 1,024 triples per batch
LEARNING_RATE: Final = 0.01

#: A relation that connects an entity with itself in less than this share of its triples is irreflexive
MIN_REFLEXIVE: Final = 0.01


def choose_settings(
    graph: Graph,
    *,
    seconds: float | None = None,
    model: HintOrType[Model] = None,
    loss: HintOrType[Loss] = None,
    similarity: str | None = None,
) -> Settings:
    """Choose what to train with.

    :param graph: the graph
    :param seconds: the time budget, > 0; None to train a number of epochs
    :param model: the model's name or class; None for the one that is best for the kind of graph
    :param loss: the loss's name or class; None for HaLE
    :param similarity: the similarity of a query model; None for the one that is best
    :return: the settings
    :raises ValueError: if there is no model or loss of that name, or seconds is no number > 0
    """
    kind = kind_of(graph)
    model_cls: type[Any] = look_up(model_resolver, "model", kind.model if model is None else model)
    loss_cls = look_up(loss_resolver, "loss", "HaLE" if loss is None else loss)
    loss_name = loss_cls.__name__.removesuffix("Loss")
    rate = getattr(loss_cls, "learning_rate", None) or LEARNING_RATE
    is_query_model = getattr(model_cls, "interaction_class", None) is not None
    if is_query_model:
        similarity = similarity or model_cls.similarity_default or kind.similarity
    # one with a bias, as HypER, keeps its own options, for which the recipe's N3 is not meant
    follows_recipe = is_query_model and not model_cls.tail_bias_default
    recipe = kind.dot if similarity in (None, "dot") else kind.distance
    has_scale = getattr(loss_cls, "supports_relation_scale", True)
    return Settings(
        kind=kind.name,
        model=model_cls.__name__,
        loss=loss_name,
        batch_size=recipe.batch_size,
        triples_per_epoch=graph.triples_per_epoch,
        num_epochs=recipe.num_epochs,
        learning_rate=scaled_learning_rate(recipe.rate_factor * rate, recipe.batch_size),
        warmup=WARMUP,
        model_kwargs=_model_kwargs(recipe, model_cls, similarity, has_scale) if follows_recipe else {},
        loss_kwargs=_loss_kwargs(recipe, loss_name),
        # of other models it cannot be said what N3 does: some take no regularizer, others apply it to each look-up
        n3=recipe.n3 if follows_recipe else 0.0,
        seconds=None if seconds is None else check_number("seconds", seconds, above=0),
    )


def _model_kwargs(recipe: Recipe, model: type[Any], similarity: str | None, has_scale: bool) -> dict[str, Any]:
    """Choose the options of a query model, with a scale per relation only where the loss takes one."""
    return dict(
        embedding_dim=recipe.real_dim // 2 if model.interaction_class.is_complex else recipe.real_dim,
        similarity=similarity,
        # a scale is part of HaLE's distance: a dot product has the lengths of its vectors
        relation_scale=has_scale and (model.relation_scale_default or similarity != "dot"),
        tail_bias=False,
        min_reflexive=MIN_REFLEXIVE,
    )


def _loss_kwargs(recipe: Recipe, loss: str) -> dict[str, Any]:
    """Choose the arguments of the losses that are HaLE's."""
    if loss == "HaLE":
        return dict(recipe.hale)
    if loss == "AllNeg":
        return dict(activation="none", candidates=recipe.hale["candidates"])
    return {}
