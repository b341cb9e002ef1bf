"""The labels of the rows of embeddings, and how rows are found by them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

from pykeen.models import ERModel
from pykeen.triples import KGInfo, TriplesFactory
from torch import Tensor

from ..normal_form import normalize

__all__ = ["INVERSE_SUFFIX", "KINDS", "LabeledEmbeddings", "check_labels", "label_rows", "match_labels"]

#: What has labels
KINDS: Final = ("entity", "relation")

#: As PyKEEN's datasets call them
INVERSE_SUFFIX: Final = "_inverse"


@dataclasses.dataclass(frozen=True)
class LabeledEmbeddings:
    """Embeddings with the labels of their rows."""

    #: The tensors, by name; shape: ``(number of labels, *shape)``
    tensors: Mapping[str, Tensor]
    #: The labels of the rows, by kind: ``"entity"`` and ``"relation"``
    labels: Mapping[str, Sequence[str]]

    def rows(self, name: str, labels: Sequence[str]) -> Tensor:
        """Look rows up by their labels.

        :param name: the tensor's name, e.g. ``"entity.0"``
        :param labels: the labels, as they are or in another form of Unicode
        :return: shape: ``(len(labels), *shape)``
        :raises KeyError: if there is no row of a label
        """
        kind = name.partition(".")[0]
        found = match_labels(labels, self.labels[kind])
        rows = [row for row in found if row is not None]
        if len(rows) < len(found):
            raise KeyError(f"There is no {kind} {labels[found.index(None)]!r}.")
        return self.tensors[name][rows]


def match_labels(labels: Sequence[str], known: Sequence[str]) -> list[int | None]:
    """Find labels among others: the same characters, or else the same text in another form of Unicode.

    A text that several of the others are is found by its own characters only.

    :param labels: what is looked for
    :param known: among which, each once
    :return: the place of each label among the others; None where there is none
    """
    places: dict[str, int | None] = {label: place for place, label in enumerate(known)}
    forms: dict[str, int | None] = {}
    for place, label in enumerate(known):
        normal = normalize(label)
        forms[normal] = None if normal in forms else place
    return [places[label] if label in places else forms.get(normalize(label)) for label in labels]


def label_rows(model: ERModel, triples_factory: KGInfo) -> dict[str, list[str]]:  # type: ignore[type-arg]
    """List the labels of the rows of a model; an inverse relation's row follows that of the relation.

    :param model: the model
    :param triples_factory: the triples that it was made with
    :return: the labels by kind
    :raises ValueError: if the triples have no labels, or two rows the same one
    """
    if not isinstance(triples_factory, TriplesFactory):
        raise ValueError(
            f"triples_factory={triples_factory!r} has no labels, by which rows are known; a TriplesFactory has."
        )
    entities = [triples_factory.entity_id_to_label[i] for i in range(triples_factory.num_entities)]
    relations = [label for _, label in sorted(triples_factory.relation_id_to_label.items())]
    if model.use_inverse_triples:
        relations = [name for label in relations for name in (label, f"{label}{INVERSE_SUFFIX}")]
    return {"entity": check_labels("entity", entities), "relation": check_labels("relation", relations)}


def check_labels(kind: str, labels: list[str]) -> list[str]:
    """Check that each row has a label of its own.

    :param kind: ``"entity"`` or ``"relation"``
    :param labels: the labels of the rows
    :return: the labels
    :raises ValueError: if they are no list of different strings
    """
    if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
        raise ValueError(f"the labels of {kind} embeddings are no list of strings.")
    twice = [label for label, count in Counter(labels).items() if count > 1]
    if twice:
        raise ValueError(
            f"two rows of {kind} embeddings have the label {twice[0]!r}; by labels they cannot be told apart. (The "
            f"inverse of a relation is labeled RELATION{INVERSE_SUFFIX}: no relation may be called so beside it.)"
        )
    return labels
