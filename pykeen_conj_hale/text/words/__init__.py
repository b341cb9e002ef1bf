"""Entities that are composed of the words of their texts."""

from .bag import WordBag
from .features import TextFeatures
from .model import TextEntities
from .pretrained import load_into, read_vectors
from .texts import EntityTexts
from .unseen import add_entities
from .vocabulary import Vocabulary

__all__ = [
    "EntityTexts",
    "TextEntities",
    "TextFeatures",
    "Vocabulary",
    "WordBag",
    "add_entities",
    "load_into",
    "read_vectors",
]
