"""Ranking among some of the entities: their scores alone are compared, and known answers outside are no candidates."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final, NamedTuple

import torch
from torch import Tensor

from ..checks import check_whole
from .sharded import OwnScores

__all__ = ["Restriction", "check_entities"]

_NAME: Final = "restrict_entities_to"


def check_entities(entities: Collection[int], num_entities: int) -> list[int]:
    """Check the entities among which answers are to be ranked.

    :param entities: their ids
    :param num_entities: the number of all entities
    :return: the ids, in ascending order, each once
    :raises ValueError: if there are none, or one is no id of an entity
    """
    if isinstance(entities, Tensor):
        entities = entities.tolist()
    ids = sorted({check_whole(_NAME, x, minimum=0, maximum=num_entities - 1) for x in entities})
    if not ids:
        raise ValueError(f"{_NAME} is empty: give the ids of the entities to rank among, or leave it out.")
    return ids


class Restriction(NamedTuple):
    """The entities among which answers are ranked, each with a place in the order of their ids."""

    #: shape: ``(num_candidates,)``, ids in ascending order
    ids: Tensor
    #: shape: ``(num_entities,)``, the place of each entity among them, −1 where it is none
    places: Tensor

    @classmethod
    def of(cls, entities: Sequence[int], num_entities: int, device: torch.device) -> Restriction:
        """Restrict ranking to some entities.

        :param entities: their ids, as :func:`check_entities` gives them
        :param num_entities: the number of all entities
        :param device: where scores are
        :return: the restriction
        """
        ids = torch.tensor(entities, device=device)
        places = torch.full((num_entities,), -1, device=device)
        places[ids] = torch.arange(len(ids), device=device)
        return cls(ids, places)

    def check(self, triples: Tensor, column: int) -> None:
        """Check that the answers of triples can be ranked among the entities.

        :param triples: shape: ``(num_triples, 3)``
        :param column: the column of the answers
        :raises ValueError: if an answer is none of them
        """
        outside = triples[self.places[triples[:, column]] < 0]
        if len(outside):
            raise ValueError(
                f"{_NAME}={self.ids.tolist()!r:.60} lacks the answers of {len(outside)} triples, "
                f"{outside[0].tolist()} among them: leave those triples out, by pre_filtered_triples=False."
            )

    def narrow_scores(self, scores: Tensor) -> Tensor:
        """Take the candidates' scores.

        :param scores: shape: ``(num_queries, num_entities)``
        :return: shape: ``(num_queries, num_candidates)``
        """
        return scores[:, self.ids]

    def narrow_own(self, own: OwnScores) -> OwnScores:
        """Take the scores of own candidates, where entities are sharded.

        :param own: the scores against own entities
        :return: those against the candidates among them, whose places follow each other
        """
        first, stop = torch.searchsorted(self.ids, self.ids.new_tensor([own.first, own.first + own.scores.shape[1]]))
        return OwnScores(own.scores[:, self.ids[first:stop] - own.first], int(first))
