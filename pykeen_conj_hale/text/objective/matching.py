"""Which entities of a text are entities of a knowledge graph."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from ...normal_form import normalize
from ..corpus.cooccurrence import Cooccurrence

__all__ = ["match_entities"]

logger = logging.getLogger(__name__)

#: How many labels a message lists
EXAMPLES = 10


def match_entities(cooccurrence: Cooccurrence, entity_to_id: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Find the ids of a text's entities. The log lists entities that only one side has.

    A label is looked up as it is, and else by its normal form C of Unicode, which the text's labels have. One that is
    a number, as PyKEEN's cache of a dataset makes of such texts, is looked up as its text.

    :param cooccurrence: the co-occurrences
    :param entity_to_id: the ids of the knowledge graph's entities by their labels
    :return: shape: ``(num_tokens,)``, -1 for words and for entities which the knowledge graph lacks
    :raises ValueError: if no entity is matched
    """
    if not cooccurrence.num_entities:
        raise ValueError(f"{cooccurrence} has no entities: count the corpus with their mentions or descriptions.")
    entity_to_id = {str(label): i for label, i in entity_to_id.items()}
    ids = np.full(len(cooccurrence.tokens), -1, dtype=np.int64)
    normal = {normalize(label): i for label, i in entity_to_id.items()}
    ids[: cooccurrence.num_entities] = [
        entity_to_id.get(label, normal.get(normalize(label), -1)) for label in cooccurrence.entities
    ]
    missing = [label for label, i in zip(cooccurrence.entities, ids.tolist(), strict=False) if i < 0]
    if len(missing) == cooccurrence.num_entities:
        raise ValueError(
            f"None of the {len(missing)} entities of cooccurrence={cooccurrence} is an entity of the knowledge graph: "
            f"{missing[:5]} … against {list(entity_to_id)[:5]} …; their labels must be the same."
        )
    if missing:
        logger.warning(
            "%d of %d entities of the co-occurrences are not in the knowledge graph, and count as words: %s …",
            len(missing),
            cooccurrence.num_entities,
            missing[:EXAMPLES],
        )
    if without := len(entity_to_id) - (cooccurrence.num_entities - len(missing)):
        known = set(ids.tolist())
        examples = list(itertools.islice((label for label, i in entity_to_id.items() if i not in known), EXAMPLES))
        logger.info("%d of %d entities have no text: %s …", without, len(entity_to_id), examples)
    return ids
