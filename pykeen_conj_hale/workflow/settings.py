"""Arguments of PyKEEN's pipeline for a graph."""

from __future__ import annotations

from typing import Any

from pykeen.triples import TriplesFactory

__all__ = ["choose_arguments"]


def choose_arguments(
    training: TriplesFactory, *, seconds: float, model: str | None = None, loss: str | None = None
) -> dict[str, Any]:
    """Choose model, loss, optimizer and all else from the graph.

    :param training: the training triples
    :param seconds: the seconds of training
    :param model: the name of the model; chosen if not given
    :param loss: the name of the loss; chosen if not given
    :return: arguments of :func:`pykeen.pipeline.pipeline`, of JSON's types
    """
    return dict(
        model=model or "ConjComplEx",
        model_kwargs=dict(embedding_dim=64),
        loss=loss or "AllNeg",
        regularizer="N3",
        regularizer_kwargs=dict(weight=0.1),
        optimizer="Adagrad",
        optimizer_kwargs=dict(lr=0.1),
        training_loop="QuerySampling",
        training_kwargs=dict(batch_size=512),
    )
