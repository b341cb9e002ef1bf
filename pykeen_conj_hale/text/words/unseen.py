"""Entities that are new after training: a trained model composes them of their texts."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import torch
from pykeen.nn.representation import Embedding
from pykeen.triples import TriplesFactory
from torch import nn

from ...normal_form import normalize
from ...pykeen_internals import weight_of
from ..corpus.tables import Header
from .bag import append_rows
from .building import encode, labels_of
from .model import TextEntities
from .texts import TextsLike, as_texts

__all__ = ["Extended", "add_entities"]

#: How many labels a message lists
EXAMPLES = 5


class Extended(NamedTuple):
    """A trained model with further entities, which come after those that it had."""

    #: A copy of the model
    model: TextEntities
    #: The training triples, with the labels of all entities: for PyKEEN's predictions and evaluators
    triples_factory: TriplesFactory
    #: The words, and beginnings of words, of each new entity that the model has no vector of
    unknown: Mapping[str, list[str]]


@torch.no_grad()
def add_entities(
    model: TextEntities,
    triples_factory: TriplesFactory,
    texts: TextsLike,
    *,
    text_columns: Sequence[int] = (-1,),
    header: Header = "error",
    quoting: bool = True,
) -> Extended:
    """Give a trained model further entities by their texts, without training.

    Their vectors are composed of the words that the model knows. An entity without any known word has the vector that
    the model learned for such, and a warning counts them. A bias per entity is that of the mean entity.

    :param model: the model, which stays as it is
    :param triples_factory: its training triples
    :param texts: the texts of the new entities, in the fields with which the model was trained
    :param text_columns: where the texts are the path of a table, its columns with the fields
    :param header: what becomes of the table's first row, if it has names of columns: ``"error"``, ``"drop"``, or
        ``"keep"``
    :param quoting: whether the table's fields may be quoted as in CSV
    :return: the model with all entities, the triples with their labels, and what is unknown
    :raises ValueError: if an entity is there already, the fields are others than in training, or the model has further
        vectors of entities, which cannot be composed
    """
    known = as_texts(texts, text_columns, header=header, quoting=quoting)
    labels = labels_of(triples_factory)
    new = [str(label) for label in known]
    taken = {normalize(label) for label in labels}
    if again := [label for label in new if normalize(label) in taken]:
        raise ValueError(f"{len(again)} of the new entities are there already: {again[:EXAMPLES]} …; leave them out.")
    bag = model.bag
    if known.num_fields != bag.features.num_fields:
        raise ValueError(
            f"The texts have {known.num_fields} fields, and the model was trained with {bag.features.num_fields}: give "
            "the same fields in the same order."
        )
    encoded = encode(known.match(new), bag.features, bag.vocabulary, bag.max_length)
    extended = copy.deepcopy(model)
    extended.bag.append(encoded)
    for representation in extended.entity_representations:
        if representation is not extended.bag:
            _append_mean(representation, len(new))
    extended.add_labels(new)
    factory = TriplesFactory(
        mapped_triples=triples_factory.mapped_triples,
        entity_to_id={label: i for i, label in enumerate([*labels, *new])},
        relation_to_id=triples_factory.relation_to_id,
        create_inverse_triples=triples_factory.create_inverse_triples,
    )
    return Extended(extended, factory, dict(zip(new, encoded.unknown, strict=True)))


def _append_mean(representation: nn.Module, number: int) -> None:
    """Give further entities the mean of a number that each entity has."""
    if not isinstance(representation, Embedding) or representation.shape != ():
        raise ValueError(
            f"The model has {representation}, of which there is no vector of a new entity: take a base model with one "
            "vector per entity."
        )
    append_rows(representation, weight_of(representation).weight.mean(dim=0, keepdim=True).expand(number, -1))
