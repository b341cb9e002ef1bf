"""Datasets in the literature's protocol: ids over all three splits, so that no test triple is dropped."""

from .base import AllSplitsDataset, FolderDataset, VerbatimTriplesFactory
from .columns import Columns
from .inductive import FB15k237Inductive, InductiveFolderDataset, WN18RRInductive
from .inductive_split import InductiveSplit, split_inductive
from .literature import (
    CoDExLargeAll,
    CoDExMediumAll,
    CoDExSmallAll,
    FB15k237All,
    FB15kAll,
    WN18All,
    WN18RRAll,
    YAGO310All,
)
from .mapped import MappedDataset, build_triples
from .remote import DATASETS_VARIABLE, LiteratureDataset
from .single_file import FileDataset

__all__ = [
    "DATASETS_VARIABLE",
    "AllSplitsDataset",
    "CoDExLargeAll",
    "CoDExMediumAll",
    "CoDExSmallAll",
    "Columns",
    "FB15k237All",
    "FB15k237Inductive",
    "FB15kAll",
    "FileDataset",
    "FolderDataset",
    "InductiveFolderDataset",
    "InductiveSplit",
    "LiteratureDataset",
    "MappedDataset",
    "VerbatimTriplesFactory",
    "WN18All",
    "WN18RRAll",
    "WN18RRInductive",
    "YAGO310All",
    "build_triples",
    "split_inductive",
]
