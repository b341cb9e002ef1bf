"""What a model's options are where they are not said: the graph's, with a loss that is open, else the class's own."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from class_resolver import HintOrType
from pykeen.losses import Loss, loss_resolver
from pykeen.regularizers import Regularizer
from pykeen.triples import CoreTriplesFactory, KGInfo

from ..checks import look_up
from ..defaults import choose_settings, describe_graph
from ..losses import HaLELoss
from .similarity import Similarity, similarity_resolver

if TYPE_CHECKING:
    from .model import QueryModel

__all__ = ["choose_options", "make_loss"]


def make_loss(model: type[QueryModel], loss: HintOrType[Loss], loss_kwargs: Mapping[str, Any] | None) -> Loss:
    """Make the loss of a model.

    :param model: the model's class
    :param loss: the loss, by name, class or instance; None for the model's own
    :param loss_kwargs: its arguments; those of the model's own, too, which PyKEEN's models ignore
    :return: the loss; of an open one a copy, so that it is open for the graph of another model, too
    """
    if loss is None:
        return model.loss_default(**{**(model.loss_default_kwargs or {}), **(loss_kwargs or {})})
    made = loss_resolver.make(loss, pos_kwargs=loss_kwargs)
    return copy.deepcopy(made) if made is loss and isinstance(made, HaLELoss) and made.is_open else made


def choose_options(
    model: type[QueryModel],
    triples_factory: KGInfo,
    loss: Loss,
    similarity: HintOrType[Similarity],
    regularizer: HintOrType[Regularizer],
) -> dict[str, Any]:
    """Choose the options of a model from the graph, and the arguments of its loss, if the loss is open.

    :param model: the model's class
    :param triples_factory: the training triples; without triples nothing is chosen
    :param loss: the loss; its arguments are set
    :param similarity: the similarity that was given
    :param regularizer: the regularizer that was given; ``"no"`` for none
    :return: the options; empty where nothing is open
    """
    if not isinstance(loss, HaLELoss) or not loss.is_open or not isinstance(triples_factory, CoreTriplesFactory):
        return {}
    given = None
    if similarity is not None:
        given = similarity_resolver.normalize_cls(look_up(similarity_resolver, "similarity", similarity))
    settings = choose_settings(describe_graph(triples_factory), model=model, loss=type(loss), similarity=given)
    loss.choose(**settings.loss_kwargs)
    options = dict(settings.model_kwargs)
    if regularizer is None and settings.n3:
        options.update(regularizer="N3", regularizer_kwargs=dict(weight=settings.n3))
    return options
