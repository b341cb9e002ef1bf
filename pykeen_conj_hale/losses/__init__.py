"""Losses: HaLE, and the training strategies that it is compared with, each with or without an activation."""

from pykeen.losses import Loss

# "as" makes a name public: a new loss is one line here
from .all_neg import AllNegLoss as AllNegLoss
from .hale import HaLELoss as HaLELoss
from .non_neg import NonNegLoss as NonNegLoss
from .query_loss import QueryBatch, QueryLoss, Term
from .sampled import AdvNegLoss as AdvNegLoss
from .sampled import SamNegLoss as SamNegLoss

#: The losses which this module imports; PyKEEN finds them by name
LOSSES: tuple[type[Loss], ...] = tuple(
    value
    for _, value in sorted(globals().items())
    if isinstance(value, type) and issubclass(value, Loss) and value not in (Loss, QueryLoss)
)

__all__ = ["LOSSES", "QueryBatch", "QueryLoss", "Term", *(cls.__name__ for cls in LOSSES)]
