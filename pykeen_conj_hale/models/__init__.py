"""Models: an interaction with representations, defaults and citation; one file a model."""

from .conj_complex import ConjComplEx
from .conj_five_star_e import ConjFiveStarE
from .five_star_e import FiveStarE
from .hyper import HypER
from .query_distmult import QueryDistMult
from .query_rotate import QueryRotatE
from .query_transe import QueryTransE
from .rote import RotE
from .rotl import RotL

__all__ = [
    "ConjComplEx",
    "ConjFiveStarE",
    "FiveStarE",
    "HypER",
    "QueryDistMult",
    "QueryRotatE",
    "QueryTransE",
    "RotE",
    "RotL",
]
