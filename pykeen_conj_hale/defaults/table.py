"""The table of kinds of graphs, and what is best for each by validation: docs/results.md says how it was found."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any, Final

from .graph import Graph

__all__ = ["KINDS", "Kind", "Recipe", "kind_of"]


def _cross_entropy(candidates: float | str) -> dict[str, Any]:
    """HaLE without what makes it HaLE: softmax cross entropy, over all entities or a sample."""
    return dict(activation="none", alpha=1.0, lambda_=1.0, gamma=None, square=False, candidates=candidates)


def _hanon(gamma: float, lambda_: float, candidates: float | str) -> dict[str, Any]:
    """All queries against a sample of the entities."""
    return dict(activation="hanon", alpha=1.0, lambda_=lambda_, gamma=gamma, square=True, candidates=candidates)


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What to train models of one similarity with."""

    #: The real numbers per entity: a complex model has half as many complex ones
    real_dim: int
    #: The arguments of HaLE
    hale: Mapping[str, Any]
    batch_size: int
    num_epochs: int
    #: The weight of N3; 0 for none
    n3: float = 0.0
    #: The learning rate as a multiple of the loss's own
    rate_factor: float = 1.0


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of graph, and what to train with."""

    name: str
    #: Which graphs are of this kind, in words
    which: str
    #: Tells whether a graph is of this kind, if it is of none above it in the table
    fits: Callable[[Graph], bool]
    #: The model where none is named
    model: str
    #: The similarity of models that leave it open
    similarity: str
    #: For dot products, and for models that are no query models
    dot: Recipe
    #: For distances
    distance: Recipe


#: The kinds; a graph is of the first one that fits
KINDS: Final[tuple[Kind, ...]] = (
    Kind(
        name="small",
        which="up to 1,000 entities",
        fits=lambda graph: graph.entities <= 1_000,
        model="ConjComplEx",
        similarity="dot",
        dot=Recipe(real_dim=512, hale=_cross_entropy("all"), batch_size=256, num_epochs=60, n3=0.015, rate_factor=2.0),
        distance=Recipe(
            real_dim=64, hale=_hanon(10.0, 1.0, candidates="all"), batch_size=256, num_epochs=60, rate_factor=2.0
        ),
    ),
    Kind(
        name="medium",
        which="up to 5,000 entities, 5 triples per entity or more",
        fits=lambda graph: graph.entities <= 5_000 and graph.triples_per_entity >= 5,
        model="ConjComplEx",
        similarity="dot",
        dot=Recipe(
            real_dim=256, hale=_cross_entropy("all"), batch_size=512, num_epochs=60, n3=0.01, rate_factor=2**0.5
        ),
        distance=Recipe(real_dim=64, hale=_hanon(10.0, 0.25, candidates=0.05), batch_size=2_048, num_epochs=50),
    ),
    Kind(
        name="dense",
        which="5 triples per entity or more",
        fits=lambda graph: graph.triples_per_entity >= 5,
        model="ConjComplEx",
        similarity="dot",
        dot=Recipe(real_dim=256, hale=_cross_entropy(0.1), batch_size=1_024, num_epochs=30, n3=0.05),
        distance=Recipe(real_dim=64, hale=_hanon(10.0, 0.5, candidates=0.05), batch_size=2_048, num_epochs=50, n3=1.0),
    ),
    Kind(
        name="sparse",
        which="all others",
        fits=lambda graph: True,
        model="Rot2L",
        similarity="squared_distance",
        dot=Recipe(real_dim=256, hale=_cross_entropy(0.05), batch_size=1_024, num_epochs=30, n3=0.1),
        distance=Recipe(real_dim=64, hale=_hanon(5.0, 1.0, candidates=0.02), batch_size=1_024, num_epochs=100),
    ),
)


def kind_of(graph: Graph) -> Kind:
    """Find the kind of a graph.

    :param graph: the graph
    :return: the first kind that fits
    """
    return next(kind for kind in KINDS if kind.fits(graph))
