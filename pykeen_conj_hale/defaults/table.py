"""The table of kinds of graphs, and what is best for each by validation: docs/results.md says how it was found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from .graph import Graph

__all__ = ["CROSS_ENTROPY", "KINDS", "Kind", "kind_of"]

#: HaLE without what makes it HaLE: softmax cross entropy over all entities
CROSS_ENTROPY: Final[Mapping[str, Any]] = dict(
    activation="none", alpha=1.0, lambda_=1.0, gamma=None, square=False, candidates="all"
)


def _hanon(gamma: float, lambda_: float, candidates: float | str) -> dict[str, Any]:
    """All queries against a sample of the entities."""
    return dict(activation="hanon", alpha=1.0, lambda_=lambda_, gamma=gamma, square=True, candidates=candidates)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of graph, and what to train it with."""

    name: str
    #: Tells whether a graph is of this kind, if it is of none above it in the table
    fits: Callable[[Graph], bool]
    #: The model where none is named
    model: str
    #: The real numbers per entity: a complex model has half as many complex ones
    real_dim: int
    #: The same for models that compare by a distance
    distance_dim: int
    #: The arguments of HaLE for distances; dot products have cross entropy, with the same candidates
    hale: Mapping[str, Any]
    batch_size: int
    num_epochs: int
    #: The similarity of models that leave it open
    similarity: str
    #: The weight of N3 for models that compare by the dot product; 0 for none
    n3: float = 0.0
    #: The learning rate as a multiple of the loss's own
    rate_factor: float = 1.0


#: The kinds; a graph is of the first one that fits
KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        name="small",
        fits=lambda graph: graph.entities <= 1_000,
        model="ConjComplEx",
        real_dim=512,
        distance_dim=64,
        hale=_hanon(gamma=10.0, lambda_=1.0, candidates="all"),
        batch_size=256,
        num_epochs=60,
        similarity="dot",
        n3=0.015,
        rate_factor=2.0,
    ),
    Kind(
        name="dense",
        fits=lambda graph: graph.triples_per_entity >= 5,
        model="RotL",
        real_dim=64,
        distance_dim=64,
        hale=_hanon(gamma=10.0, lambda_=0.5, candidates=0.05),
        batch_size=2_048,
        num_epochs=50,
        similarity="squared_distance",
    ),
    Kind(
        name="sparse",
        fits=lambda graph: True,
        model="RotL",
        real_dim=64,
        distance_dim=64,
        hale=_hanon(gamma=5.0, lambda_=1.0, candidates=0.02),
        batch_size=1_024,
        num_epochs=100,
        similarity="squared_distance",
    ),
)


def kind_of(graph: Graph) -> Kind:
    """Find the kind of a graph.

    :param graph: the graph
    :return: the first kind that fits
    """
    return next(kind for kind in KINDS if kind.fits(graph))
