"""Interactions: one idea, ``score(h, r, t) = similarity(query(h, r), t)``, and one file a transform.

A model author subclasses :class:`~pykeen_conj_hale.nn.query.QueryInteraction` and writes the transform.
"""

from .conj_complex import ConjComplExInteraction
from .query import Query, QueryInteraction, Target
from .similarity import Dot, Similarity, SquaredDistance, similarity_resolver

__all__ = [
    "ConjComplExInteraction",
    "Dot",
    "Query",
    "QueryInteraction",
    "Similarity",
    "SquaredDistance",
    "Target",
    "similarity_resolver",
]
