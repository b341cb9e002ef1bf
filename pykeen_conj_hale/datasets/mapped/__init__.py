"""Datasets larger than memory: made once of large files, and mapped from the disk."""

from .build import build_triples
from .dataset import MappedDataset, MappedTriplesFactory
from .labels import MappedLabels

__all__ = ["MappedDataset", "MappedLabels", "MappedTriplesFactory", "build_triples"]
