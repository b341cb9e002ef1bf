"""Models, one file per model. A line of imports here is all that makes PyKEEN find a model and its interaction."""

from ..nn import QueryInteraction, QueryModel
from .atte import AttE as AttE
from .atth import AttH as AttH
from .conj_complex import ConjComplEx as ConjComplEx
from .conj_five_star_e import ConjFiveStarE as ConjFiveStarE
from .five_star_e import FiveStarE as FiveStarE
from .hyper import HypER as HypER
from .query_complex import QueryComplEx as QueryComplEx
from .query_cp import QueryCP as QueryCP
from .query_distmult import QueryDistMult as QueryDistMult
from .query_rotate import QueryRotatE as QueryRotatE
from .query_transe import QueryTransE as QueryTransE
from .query_tucker import QueryTuckER as QueryTuckER
from .refe import RefE as RefE
from .refh import RefH as RefH
from .rot2l import Rot2L as Rot2L
from .rote import RotE as RotE
from .roth import RotH as RotH
from .rotl import RotL as RotL

#: What is imported above; the entry points of this package name these tuples
MODELS: tuple[type[QueryModel], ...] = tuple(
    model
    for model in list(vars().values())
    if isinstance(model, type) and issubclass(model, QueryModel) and model is not QueryModel
)
INTERACTIONS: tuple[type[QueryInteraction], ...] = tuple(model.interaction_class for model in MODELS)
