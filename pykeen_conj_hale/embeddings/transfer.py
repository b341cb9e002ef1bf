"""Rows of embeddings that go from one model into another, by their labels."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from pykeen.models import ERModel
from pykeen.nn import Embedding, Representation
from pykeen.triples import KGInfo, TriplesFactory
from torch import Tensor

from .file import load_embeddings
from .labeled import LabeledEmbeddings, label_rows, match_labels
from .tables import check_number_of_rows, list_tables, say_what_is_missing, write_rows

__all__ = ["RowTransfer", "import_embeddings", "plan_transfer"]

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True)
class RowTransfer:
    """The rows of one table that are known elsewhere: found and checked, not yet copied."""

    #: The table's name, e.g. ``"entity.0"``
    name: str
    embedding: Embedding
    #: The rows that are known
    rows: Sequence[int]
    #: Their values; shape: ``(len(rows), *shape)``
    values: Tensor

    @property
    def num_rows(self) -> int:
        """The number of rows of the table."""
        return self.embedding.max_id

    def apply(self) -> None:
        """Copy the rows into the table; the other rows stay as they are."""
        write_rows(self.embedding, self.rows, self.values)


def plan_transfer(
    source: LabeledEmbeddings, model: ERModel[Any, Any, Any], triples_factory: KGInfo, origin: str
) -> list[RowTransfer]:
    """Find the rows of a model that are known by their labels; nothing is changed.

    :param source: what is known
    :param model: the model
    :param triples_factory: the triples that the model was made with
    :param origin: where the source is from, for the errors
    :return: one transfer per table
    :raises ValueError: if the model's tables are others, no label is known, or a value is not finite
    """
    labels = label_rows(model, triples_factory)
    transfers = []
    for name, representation in list_tables(model):
        here = labels[name.partition(".")[0]]
        check_number_of_rows(name, representation, here)
        transfers.append(_plan_table(source, name, representation, here, origin))
    return transfers


def _plan_table(
    source: LabeledEmbeddings, name: str, representation: Representation, labels: Sequence[str], origin: str
) -> RowTransfer:
    tensor = source.tensors.get(name)
    if not isinstance(representation, Embedding) or tensor is None or not _fits(representation, tensor):
        there = "missing" if tensor is None else f"{tensor.dtype} of shape {tuple(tensor.shape[1:])}"
        raise ValueError(
            f"{origin} does not fit the model: {name} is {type(representation).__name__} of shape "
            f"{tuple(representation.shape)} here, and {there} there."
        )
    found = match_labels(labels, source.labels[name.partition(".")[0]])
    pairs: Mapping[int, int] = {row: place for row, place in enumerate(found) if place is not None}
    if not pairs:
        raise ValueError(f"{origin} has no label of {name} in common with triples_factory.")
    values = tensor[list(pairs.values())]
    if not values.isfinite().all():
        raise ValueError(f"{origin} has NaN or infinite values in {name}, which no model can use.")
    return RowTransfer(name, representation, list(pairs), values)


def _fits(embedding: Embedding, tensor: Tensor) -> bool:
    return tensor.shape[1:] == torch.Size(embedding.shape) and tensor.is_complex() == embedding.is_complex


def import_embeddings(path: str | Path, model: ERModel[Any, Any, Any], triples_factory: TriplesFactory) -> None:
    """Copy embeddings from a file into a model, by their labels. The log says how many labels are not in the file.

    What a model has beside its embeddings stays as it is; the log says so. A training that starts afresh forgets the
    embeddings: go on with ``continue_training=True``, give :meth:`LabeledEmbeddings.rows` to
    :class:`pykeen.nn.init.PretrainedInitializer`, or have the training start from the file by ``start_from``, see
    :class:`~pykeen_conj_hale.training.TimeBudgetMixin`.

    :param path: the file, of :func:`export_embeddings`
    :param model: the model, which is changed; nothing is, if there is an error
    :param triples_factory: the triples that the model was made with
    :raises ValueError: if the model's embeddings are others, no label is in the file, or a value is not finite
    """
    if not isinstance(model, ERModel):
        raise ValueError(f"model={model!r} is not allowed: it must be a model of embeddings, an ERModel.")
    transfers = plan_transfer(load_embeddings(path), model, triples_factory, f"path={str(path)!r}")
    say_what_is_missing(model)
    for transfer in transfers:
        if missing := transfer.num_rows - len(transfer.rows):
            logger.warning("%s: %d of %d labels are not in %s", transfer.name, missing, transfer.num_rows, path)
        transfer.apply()
