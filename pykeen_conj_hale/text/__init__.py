"""Joint training with text: co-occurrences of words and entities, and GloVe's objective beside any model."""

from .corpus import (
    Cooccurrence,
    Document,
    read_descriptions,
    read_documents,
    read_mentions,
    remove_overlap,
    tokenize,
)
from .objective import GloVe, JointGloVe
from .vectors import Neighbour, WordVectors

__all__ = [
    "Cooccurrence",
    "Document",
    "GloVe",
    "JointGloVe",
    "Neighbour",
    "WordVectors",
    "read_descriptions",
    "read_documents",
    "read_mentions",
    "remove_overlap",
    "tokenize",
]
