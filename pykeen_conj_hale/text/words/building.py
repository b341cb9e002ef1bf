"""From a graph's entities and their texts to what a representation is made of."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from typing import Any

import torch
from pykeen.triples import KGInfo, TriplesFactory

from ...checks import check_whole
from ..corpus.tables import Header
from .features import TextFeatures
from .texts import Fields, TextsLike, as_texts
from .vocabulary import EncodedTexts, Vocabulary

__all__ = ["build", "encode", "labels_of"]

logger = logging.getLogger(__name__)

#: How many words a message lists
EXAMPLES = 10


def labels_of(triples_factory: KGInfo) -> list[str]:
    """List the labels of a graph's entities.

    :param triples_factory: the triples, with labels
    :return: the labels, in the order of the ids
    :raises ValueError: if there are no labels
    """
    if not isinstance(triples_factory, TriplesFactory):
        raise ValueError(
            f"triples_factory={triples_factory!r} has no labels, by which entities are found in the text; a "
            "TriplesFactory has them, a CoreTriplesFactory has not."
        )
    return [str(triples_factory.entity_id_to_label[i]) for i in range(triples_factory.num_entities)]


def build(
    triples_factory: TriplesFactory,
    texts: TextsLike,
    *,
    text_columns: Sequence[int] = (-1,),
    header: Header = "error",
    quoting: bool = True,
    min_count: int = 2,
    max_length: int = 256,
    prefix_fields: Sequence[int] = (),
    prefix_lengths: Sequence[int] = (2, 7),
    **kwargs: Any,
) -> dict[str, Any]:
    """Make the arguments of a :class:`~pykeen_conj_hale.text.words.WordBag`.

    The words are those of the entities that are in a triple: what only unseen entities say has no vector.

    :param triples_factory: the training triples, with labels of entities
    :param texts: the texts
    :param text_columns: where the texts are the path of a table, its columns with the fields
    :param header: what becomes of the table's first row, if it has names of columns: ``"error"``, ``"drop"``, or
        ``"keep"``
    :param quoting: whether the table's fields may be quoted as in CSV
    :param min_count: the number of entities that a word needs, ≥ 1
    :param max_length: how many words and beginnings of words an entity may have, ≥ 1
    :param prefix_fields: the fields whose words have beginnings, from 0
    :param prefix_lengths: the shortest and the longest beginning
    :param kwargs: further arguments, which are handed on
    :return: the arguments
    :raises ValueError: if an argument is out of its range, or no entity has a text
    """
    check_whole("max_length", max_length)
    known = as_texts(texts, text_columns, header=header, quoting=quoting)
    features = TextFeatures(known.num_fields, tuple(prefix_fields), tuple(prefix_lengths))  # type: ignore[arg-type]
    fields = known.match(labels_of(triples_factory))
    seen = torch.zeros(triples_factory.num_entities, dtype=torch.bool)
    seen[triples_factory.mapped_triples[:, [0, 2]].flatten()] = True
    vocabulary = Vocabulary.count((features(fields[i]) for i in seen.nonzero().flatten().tolist()), min_count)
    encoded = encode(fields, features, vocabulary, max_length)
    return dict(kwargs, encoded=encoded, vocabulary=vocabulary, features=features, has_own=seen, max_length=max_length)


def encode(fields: Sequence[Fields], features: TextFeatures, vocabulary: Vocabulary, max_length: int) -> EncodedTexts:
    """Write texts as numbers. The log counts what is unknown, empty or cut.

    :param fields: the texts of each entity
    :param features: what lists their features
    :param vocabulary: the features that have vectors
    :param max_length: how many features an entity may have
    :return: the numbers
    """
    encoded = vocabulary.encode([features(texts) for texts in fields], max_length)
    _report(encoded, max_length)
    return encoded


def _report(encoded: EncodedTexts, max_length: int) -> None:
    unknown = Counter(name for names in encoded.unknown for name in names)
    num_entities, empty = len(encoded.tokens), int(encoded.is_empty.sum())
    if unknown:
        logger.info(
            "The texts of %d entities have %d words (or beginnings of words) without a vector: %s …",
            num_entities,
            len(unknown),
            [name for name, _ in unknown.most_common(EXAMPLES)],
        )
    if empty:
        logger.warning(
            "%d of %d entities have no text with a known word: they share one vector, beside their own ones.",
            empty,
            num_entities,
        )
    if encoded.num_cut:
        logger.warning(
            "%d of %d texts are longer than max_length=%d words and beginnings of words: the rest is left out.",
            encoded.num_cut,
            num_entities,
            max_length,
        )
