"""Vectors of entities in files that other tools read."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import torch
from pykeen.models import ERModel
from pykeen.triples import TriplesFactory

from ..embeddings import export_embeddings
from ..files import replacing
from ..pykeen_internals import all_rows
from ..text.vectors import WordVectors

__all__ = ["FORMATS", "entity_vectors"]


def entity_vectors(model: ERModel, training: TriplesFactory) -> WordVectors:  # type: ignore[type-arg]
    """Get the vectors of entities: the first representation, complex numbers as their parts.

    :param model: the model
    :param training: the triples that it was trained on, which have the labels
    :return: the vectors, shape: ``(num_entities, d)``
    """
    was_training = model.training
    model.eval()
    with torch.inference_mode():
        x = all_rows(model.entity_representations[0], dropout=False)
    model.train(was_training)
    x = torch.view_as_real(x) if x.is_complex() else x
    vectors = x.detach().reshape(len(x), math.prod(x.shape[1:])).float().cpu().numpy()
    return WordVectors([training.entity_id_to_label[i] for i in range(len(x))], [], vectors)


def _write_word2vec(path: Path, model: ERModel, training: TriplesFactory) -> None:  # type: ignore[type-arg]
    entity_vectors(model, training).save_word2vec(path, entity_prefix="")


def _write_tsv(path: Path, model: ERModel, training: TriplesFactory) -> None:  # type: ignore[type-arg]
    found = entity_vectors(model, training)
    with replacing(path) as file:
        for label, vector in zip(found.entities, found.vectors, strict=True):
            file.write("\t".join([label, *map(repr, vector.tolist())]).encode() + b"\n")


#: By name: the ending of the file, what it is, and what writes it
FORMATS: Final[Mapping[str, tuple[str, str, Callable[[Path, ERModel, TriplesFactory], None]]]] = {  # type: ignore[type-arg]
    "safetensors": (".safetensors", "entities and relations, with their labels in the metadata", export_embeddings),
    "word2vec": (".txt", "word2vec's text format, of entities; spaces in labels become underscores", _write_word2vec),
    "tsv": (".tsv", "a label and the numbers of its vector per line, with tabs between, of entities", _write_tsv),
}
