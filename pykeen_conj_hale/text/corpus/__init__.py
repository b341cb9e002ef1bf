"""A corpus: its documents, the entities which they mention, and what occurs together in them."""

from .cooccurrence import Cooccurrence
from .documents import Document, read_descriptions, read_documents, read_mentions
from .files import count_text
from .leakage import remove_overlap
from .tokens import tokenize

__all__ = [
    "Cooccurrence",
    "Document",
    "count_text",
    "read_descriptions",
    "read_documents",
    "read_mentions",
    "remove_overlap",
    "tokenize",
]
