"""The triples of a training: read from a file or a folder, looked at before time is spent."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from pykeen.triples import TriplesFactory

from ..datasets import Columns, FileDataset, FolderDataset
from ..datasets.policies import Policy

__all__ = ["read_splits"]

logger = logging.getLogger(__name__)


def read_splits(
    path: str | Path,
    *,
    columns: Columns | None = None,
    holdout: float = 0.1,
    seed: int = 0,
    header: Policy = "drop",
    duplicates: Policy = "drop",
    leakage: Policy = "drop",
) -> dict[str, TriplesFactory]:
    """Read triples, with inverse ones for training: head prediction then is tail prediction, and as fast.

    :param path: a file, which is split, or a folder with a file per split
    :param columns: the names of the columns of heads, relations and tails
    :param holdout: the share of a file for validation, and for testing
    :param seed: the seed of the split of a file
    :param header: what becomes of a first line with the names of columns
    :param duplicates: what becomes of triples that are in their split before
    :param leakage: what becomes of validation and test triples that are in another split, too
    :return: the triples by split: ``training``, ``validation``, ``testing``
    :raises OSError: if there is nothing to read
    :raises ValueError: if something there, or an argument, is not allowed
    """
    if Path(path).expanduser().is_dir():
        dataset: FolderDataset | FileDataset = FolderDataset(
            path, True, duplicates=duplicates, leakage=leakage, header=header, columns=columns
        )
    else:
        dataset = FileDataset(
            path, True, holdout=holdout, seed=seed, duplicates=duplicates, header=header, columns=columns
        )
    splits = {"training": dataset.training, "validation": dataset.validation, "testing": dataset.testing}
    found: dict[str, TriplesFactory] = {}
    for name, factory in splits.items():
        assert isinstance(factory, TriplesFactory)
        found[name] = factory
    _say_what_is_untrained(found["training"])
    return found


def _say_what_is_untrained(training: TriplesFactory) -> None:
    """Count the entities and relations that no training triple has."""
    heads, relations, tails = training.mapped_triples.unbind(dim=-1)
    for kind, ids, labels in (
        ("entities", torch.cat([heads, tails]), training.entity_id_to_label),
        ("relations", relations, training.relation_id_to_label),
    ):
        untrained = torch.ones(len(labels), dtype=torch.bool)
        untrained[ids] = False
        if count := int(untrained.sum()):
            logger.warning(
                "%d of %d %s are in no training triple, as %r: nothing is learned of them, and what is predicted of "
                "them is chance. A split of one file by this package has none.",
                count,
                len(labels),
                kind,
                labels[int(untrained.nonzero()[0])],
            )
