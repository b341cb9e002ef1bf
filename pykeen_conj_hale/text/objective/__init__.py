"""GloVe's objective over words and entities, and the models that are trained with it."""

from .glove import GloVe
from .joint import JointGloVe

__all__ = ["GloVe", "JointGloVe"]
