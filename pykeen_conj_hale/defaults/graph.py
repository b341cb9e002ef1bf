"""What a graph is, as far as settings depend on it."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np
from pykeen.triples import CoreTriplesFactory

from ..wording import count

__all__ = ["Graph", "describe_graph"]

#: The number of triples whose mirror image is looked for, at most
MAX_ASKED: Final = 2**20
#: Triples that are looked at at once
BLOCK_ROWS: Final = 2**20


@dataclasses.dataclass(frozen=True)
class Graph:
    """What a graph of training triples is."""

    #: The number n of entities, those without any triple included
    entities: int
    #: The number of relations, inverse ones not included
    relations: int
    #: The number of triples, inverse ones not included
    triples: int
    #: The share of triples (h, r, t), h ≠ t, of which (t, r, h) is a triple, too, in [0, 1]
    symmetric: float
    #: Whether the training creates inverse triples
    create_inverse_triples: bool

    @property
    def triples_per_entity(self) -> float:
        """The number of triples per entity."""
        return self.triples / self.entities if self.entities else 0.0

    @property
    def queries(self) -> int:
        """The number of queries per epoch: one per triple and direction."""
        return 2 * self.triples

    @property
    def triples_per_epoch(self) -> int:
        """The number of triples that a training goes through: with inverse ones, if it creates these."""
        return self.triples * (2 if self.create_inverse_triples else 1)

    def __str__(self) -> str:
        """Say it in a few words."""
        return (
            f"{count(self.entities, 'entity', 'entities')}, {count(self.relations, 'relation')}, "
            f"{count(self.triples, 'triple')} "
            f"({self.triples_per_entity:.1f} per entity, {self.symmetric:.0%} symmetric)"
        )


def describe_graph(factory: CoreTriplesFactory) -> Graph:
    """Describe the graph of training triples.

    :param factory: the training triples
    :return: the description
    """
    triples = factory.mapped_triples.numpy()
    return Graph(
        entities=factory.num_entities,
        relations=factory.real_num_relations,
        triples=len(triples),
        symmetric=_share_of_symmetric(triples, factory.num_entities),
        create_inverse_triples=factory.create_inverse_triples,
    )


def _share_of_symmetric(triples: np.ndarray[tuple[int, int], np.dtype[np.int64]], num_entities: int) -> float:
    """Compute the share of triples whose mirror image is a triple, too; loops are left out.

    Of many triples, some stand for all.
    """
    asked = triples[:: -(-len(triples) // MAX_ASKED) or 1]
    asked = asked[asked[:, 0] != asked[:, 2]]
    if not len(asked):
        return 0.0
    # ascending, so that a number is looked up by bisection
    mirrored = np.sort(_numbers(asked[:, ::-1], num_entities))
    is_there = np.zeros(len(mirrored), dtype=bool)
    for start in range(0, len(triples), BLOCK_ROWS):
        there = _numbers(triples[start : start + BLOCK_ROWS], num_entities)
        place = np.searchsorted(mirrored, there)
        place[place == len(mirrored)] = 0
        is_there[place[mirrored[place] == there]] = True
    # of equal numbers, as of a triple that is there twice, the first was found
    return float(is_there[np.searchsorted(mirrored, mirrored)].mean())


def _numbers(triples: np.ndarray[Any, np.dtype[np.int64]], num_entities: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Write each triple as one number; of graphs with more than 2⁶³ possible triples, some may have the same."""
    h, r, t = triples.T
    with np.errstate(over="ignore"):
        numbers: np.ndarray[Any, np.dtype[np.int64]] = (r * num_entities + h) * num_entities + t
    return numbers
