"""What a graph is, as far as settings depend on it."""

from __future__ import annotations

import dataclasses

import numpy as np
from pykeen.triples import CoreTriplesFactory

from ..wording import count

__all__ = ["Graph", "describe_graph"]


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
    def density(self) -> float:
        """The share of all possible triples that are there, in [0, 1]."""
        possible = self.entities**2 * self.relations
        return self.triples / possible if possible else 0.0

    @property
    def queries(self) -> int:
        """The number of queries per epoch: one per triple and direction."""
        return 2 * self.triples

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
    """Compute the share of triples whose mirror image is a triple, too; loops are left out."""
    h, r, t = triples[triples[:, 0] != triples[:, 2]].T
    if not len(h):
        return 0.0
    # one number per triple: ids of relations times those of pairs fit, as n² · relations is far below 2^63
    there = (r * num_entities + h) * num_entities + t
    mirrored = (r * num_entities + t) * num_entities + h
    return float(np.isin(mirrored, there).mean())
