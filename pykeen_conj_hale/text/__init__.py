"""Joint training with text: co-occurrences of words and entities, and GloVe's objective beside any model."""

from .cooccurrence import Cooccurrence, tokenize
from .documents import Document, read_descriptions, read_documents, read_mentions
from .glove import GloVe
from .joint import JointGloVe
from .leakage import remove_overlap
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
