"""Text: entities composed of words, and GloVe's objective on co-occurrences beside any model."""

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
from .words import EntityTexts, TextEntities, TextFeatures, Vocabulary, WordBag, add_entities

__all__ = [
    "Cooccurrence",
    "Document",
    "EntityTexts",
    "GloVe",
    "JointGloVe",
    "Neighbour",
    "TextEntities",
    "TextFeatures",
    "Vocabulary",
    "WordBag",
    "WordVectors",
    "add_entities",
    "read_descriptions",
    "read_documents",
    "read_mentions",
    "remove_overlap",
    "tokenize",
]
