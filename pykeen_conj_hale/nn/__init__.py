"""What a model is made of, and the one door for a model's author.

All models are one idea, ``score(h, r, t) = similarity(query(h, r), t)``. A model's file imports from here, declares the
relation representations (:class:`Relation`), and writes the transform that makes the query; see :class:`QueryModel`.
"""

from ..functional.rotation import from_pairs, givens_reflection, givens_rotation, pairs, unit, unit_modulus
from .declaration import Relation
from .distance import DistanceQueryModel
from .finite import NonFiniteScoreError
from .hyperbolic import HyperbolicQueryModel
from .initializers import (
    complex_normal_,
    init_phases,
    near_zero_,
    normal_entities_,
    normal_tangents_,
    random_rotations_,
    small_phases_,
    unit_softplus_,
)
from .model import QueryModel
from .query import Query, QueryInteraction, Target
from .relations import CURVATURE, DIRECTIONS
from .similarity import Dot, ExponentialDistance, HyperbolicDistance, Similarity, SquaredDistance, similarity_resolver

__all__ = [
    "CURVATURE",
    "DIRECTIONS",
    "DistanceQueryModel",
    "Dot",
    "ExponentialDistance",
    "HyperbolicDistance",
    "HyperbolicQueryModel",
    "NonFiniteScoreError",
    "Query",
    "QueryInteraction",
    "QueryModel",
    "Relation",
    "Similarity",
    "SquaredDistance",
    "Target",
    "complex_normal_",
    "from_pairs",
    "givens_reflection",
    "givens_rotation",
    "init_phases",
    "near_zero_",
    "normal_entities_",
    "normal_tangents_",
    "pairs",
    "random_rotations_",
    "similarity_resolver",
    "small_phases_",
    "unit",
    "unit_modulus",
    "unit_softplus_",
]
