"""Joint training with text: co-occurrences of words and entities, and GloVe's objective beside any model."""

from .corpus.cooccurrence import Cooccurrence, tokenize
from .corpus.documents import Document, read_descriptions, read_documents, read_mentions
from .corpus.leakage import remove_overlap
from .objective.glove import GloVe
from .objective.joint import JointGloVe
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
