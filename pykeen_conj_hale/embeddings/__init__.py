"""Embeddings of entities and relations, known by their labels: in files, and from one model to another."""

from .file import export_embeddings, load_embeddings
from .labeled import LabeledEmbeddings
from .transfer import import_embeddings

__all__ = ["LabeledEmbeddings", "export_embeddings", "import_embeddings", "load_embeddings"]
