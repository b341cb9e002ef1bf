"""Inductive splits of any graph: some entities, with all their triples, are kept from training."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..checks import check_whole

__all__ = ["InductiveSplit", "split_inductive"]

Ids: TypeAlias = npt.NDArray[np.int64]


class InductiveSplit(NamedTuple):
    """The numbers of the triples of each split, ascending."""

    training: Ids
    #: Each has an entity that training has not, and none that only testing has
    validation: Ids
    #: Each has an entity that neither training nor validation has
    testing: Ids


def split_inductive(
    triples: npt.NDArray[np.integer[Any]],
    num_validation: int,
    num_testing: int,
    *,
    min_relation_triples: int = 100,
    seed: int = 0,
) -> InductiveSplit:
    """Drop entities from a graph, whose triples become validation and testing, as Daza et al. (2021) describe it.

    Entities are dropped in a random order, those of testing first. An entity stays if without it another one would have
    no triple left, or a relation fewer than it needs. See https://arxiv.org/abs/2010.03496.

    :param triples: shape: ``(n, 3)``, the ids of heads, relations and tails
    :param num_validation: the number of entities of validation, ≥ 1
    :param num_testing: the number of entities of testing, ≥ 1
    :param min_relation_triples: how many triples each relation keeps in training; one that has no more keeps all
    :param seed: the seed of the order
    :return: the split
    :raises ValueError: if an argument is not allowed, or so many entities cannot be dropped
    """
    triples = np.asarray(triples)
    if triples.ndim != 2 or triples.shape[1] != 3 or not len(triples):
        raise ValueError(f"triples has the shape {triples.shape}: it must be (n, 3), n ≥ 1.")
    if not np.issubdtype(triples.dtype, np.integer):
        raise ValueError(f"triples has the type {triples.dtype}: it must hold ids, which are whole numbers.")
    check_whole("num_validation", num_validation)
    check_whole("num_testing", num_testing)
    check_whole("min_relation_triples", min_relation_triples, minimum=0)
    check_whole("seed", seed, minimum=0)
    graph = _Graph(triples, min_relation_triples)
    order = iter(np.random.default_rng(seed).permutation(np.unique(triples[:, [0, 2]])).tolist())
    dropped = []
    for name, number in (("num_testing", num_testing), ("num_validation", num_validation)):
        dropped.append(graph.drop(order, number, name))
    testing, validation = (np.sort(np.asarray(ids, dtype=np.int64)) for ids in dropped)
    return InductiveSplit(np.flatnonzero(graph.is_left), validation, testing)


class _Graph:
    """The triples that are left, and how many each entity and relation has."""

    def __init__(self, triples: npt.NDArray[np.integer[Any]], min_relation_triples: int) -> None:
        self.triples, self.is_left = triples, np.ones(len(triples), dtype=bool)
        self.degrees = np.bincount(triples[:, [0, 2]].ravel())
        self.relations = np.bincount(triples[:, 1])
        self.min_relations = np.minimum(self.relations, min_relation_triples)
        # the triples of each entity, one after the other
        both = np.concatenate([triples[:, 0], triples[:, 2]])
        self._order = np.argsort(both, kind="stable") % len(triples)
        self._ends = np.cumsum(self.degrees)

    def drop(self, order: Any, number: int, name: str) -> list[int]:
        """Drop the next entities of an order that can be dropped, and return their triples."""
        gone: list[int] = []
        for count in range(number):
            ids = next((ids for entity in order if len(ids := self._can_go(entity))), None)
            if ids is None:
                raise ValueError(
                    f"{name}={number} is not allowed: only {count} entities can be dropped so that all others keep a "
                    "triple and all relations the triples they need; take fewer, or a smaller min_relation_triples."
                )
            self.is_left[ids] = False
            np.subtract.at(self.degrees, self.triples[ids][:, [0, 2]].ravel(), 1)
            np.subtract.at(self.relations, self.triples[ids, 1], 1)
            gone += ids.tolist()
        return gone

    def _can_go(self, entity: int) -> Ids:
        """List the triples that go with an entity; none if it has to stay."""
        ids = np.unique(self._order[self._ends[entity - 1] if entity else 0 : self._ends[entity]])
        ids = ids[self.is_left[ids]]
        neighbours, losses = np.unique(self.triples[ids][:, [0, 2]], return_counts=True)
        relations, uses = np.unique(self.triples[ids, 1], return_counts=True)
        others = neighbours != entity
        stays = (self.degrees[neighbours] - losses)[others].min(initial=1) < 1
        stays = stays or (self.relations[relations] - uses < self.min_relations[relations]).any()
        return ids[:0] if stays else ids
