"""The tables of a model: one per representation of entities and of relations, with one row per label."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from pykeen.models import ERModel
from pykeen.nn import Embedding, Representation
from torch import Tensor

from ..pykeen_internals import is_plain_embedding, weight_of
from .labeled import KINDS

__all__ = ["check_number_of_rows", "list_tables", "read_table", "say_what_is_missing", "write_rows"]

logger = logging.getLogger(__name__)


def list_tables(model: ERModel[Any, Any, Any]) -> Iterator[tuple[str, Representation]]:
    """List the representations of a model.

    :param model: the model
    :return: pairs of a name, as ``"entity.0"``, and a representation
    """
    for kind in KINDS:
        for index, representation in enumerate(getattr(model, f"{kind}_representations")):
            yield f"{kind}.{index}", representation


def read_table(embedding: Embedding) -> Tensor:
    """Get the rows of an embedding as they are stored, before any normalizer or dropout.

    :param embedding: the embedding
    :return: shape: ``(num_rows, *shape)``, complex where the embedding is; a view of the parameter
    """
    weight = weight_of(embedding).weight.detach()
    shape = (len(weight), *embedding.shape)
    return torch.view_as_complex(weight.view(*shape, 2)) if embedding.is_complex else weight.view(shape)


def write_rows(embedding: Embedding, rows: Sequence[int], values: Tensor) -> None:
    """Replace rows of an embedding as they are stored.

    :param embedding: the embedding, which is changed
    :param rows: the numbers of the rows
    :param values: shape: ``(len(rows), *shape)``, complex where the embedding is
    """
    weight = weight_of(embedding).weight
    values = torch.view_as_real(values) if values.is_complex() else values
    with torch.no_grad():
        weight[list(rows)] = values.reshape(len(rows), -1).to(weight)


def check_number_of_rows(name: str, representation: Representation, labels: Sequence[str]) -> None:
    """Check that each row has a label.

    :param name: the table's name
    :param representation: the representation
    :param labels: the labels
    :raises ValueError: if there are more or fewer of them
    """
    if representation.max_id != len(labels):
        raise ValueError(
            f"triples_factory has labels of {len(labels)} rows of {name.partition('.')[0]} embeddings, and the model "
            f"has {representation.max_id}: give the triples that the model was made with."
        )


def say_what_is_missing(model: ERModel[Any, Any, Any]) -> None:
    """Say what a model has beside its embeddings.

    :param model: the model
    """
    # of another representation a file has the rows, and not what they are computed from
    plain = [representation for _, representation in list_tables(model) if is_plain_embedding(representation)]
    rows = {id(x) for representation in plain for x in representation.parameters()}
    others = [name for name, parameter in model.named_parameters() if id(parameter) not in rows]
    if others:
        logger.warning(
            "A file of embeddings is not the whole %s: %d further parameters (%s, …) are not in it. torch.save keeps "
            "them.",
            type(model).__name__,
            len(others),
            others[0],
        )
