"""Interactions: one idea, ``score(h, r, t) = similarity(query(h, r), t)``, and one file a transform.

A model author subclasses :class:`~pykeen_conj_hale.nn.query.QueryInteraction` and writes the transform.
"""

from .conj_complex import ConjComplExInteraction
from .conj_five_star_e import ConjFiveStarEInteraction
from .five_star_e import FiveStarEInteraction
from .hyper import HypERInteraction
from .query import Query, QueryInteraction, Target
from .query_distmult import QueryDistMultInteraction
from .query_rotate import QueryRotatEInteraction
from .query_transe import QueryTransEInteraction
from .rote import RotEInteraction
from .rotl import RotLInteraction
from .similarity import Dot, ExponentialDistance, Similarity, SquaredDistance, similarity_resolver

__all__ = [
    "ConjComplExInteraction",
    "ConjFiveStarEInteraction",
    "Dot",
    "ExponentialDistance",
    "FiveStarEInteraction",
    "HypERInteraction",
    "Query",
    "QueryDistMultInteraction",
    "QueryInteraction",
    "QueryRotatEInteraction",
    "QueryTransEInteraction",
    "RotEInteraction",
    "RotLInteraction",
    "Similarity",
    "SquaredDistance",
    "Target",
    "similarity_resolver",
]
