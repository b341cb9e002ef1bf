"""The triples of a training: read from a file or a folder, looked at before time is spent."""

from __future__ import annotations

import logging
from pathlib import Path

import torch
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from ..datasets import Columns, FileDataset, FolderDataset
from ..datasets.files import SplitFile
from ..datasets.policies import Policies, Policy
from ..datasets.reader import read_labels
from ..datasets.repeats import find_repeats
from .labels import find_ids

__all__ = ["check_ids", "read_known", "read_splits"]

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


def read_known(path: str | Path, training: TriplesFactory, columns: Columns | None = None) -> TriplesFactory:
    """Read triples with the ids of other ones; what has a label that is not there is left out, and counted in the log.

    :param path: a file of triples
    :param training: the triples which have the ids
    :param columns: the names of the columns of heads, relations and tails
    :return: the triples, each once
    :raises ValueError: if the file is broken, or no triple is left
    """
    split = read_labels(SplitFile(Path(path).expanduser()), Policies(header="drop"), columns)
    mappings = (training.entity_to_id, training.relation_to_id, training.entity_to_id)
    found = (find_ids(split.labels[i::3], mapping) for i, mapping in enumerate(mappings))
    ids = torch.as_tensor([[-1 if x is None else x for x in column] for column in found]).T
    is_known = (ids >= 0).all(dim=1)
    if not is_known.any():
        raise ValueError(f"{path}: there is no triple whose three labels are all known to the model.")
    if count := int((~is_known).sum()):
        logger.warning(
            "%s: %d of %d triples have a label that the model does not know, as %s; they are left out.",
            path,
            count,
            len(ids),
            split.triple(int((~is_known).nonzero()[0])),
        )
    known = ids[is_known]
    repeats = find_repeats({"training": training.mapped_triples.numpy(), "testing": known.numpy()})
    if len(trained := repeats["testing"].elsewhere["training"]):
        logger.warning(
            "%s: %d of %d triples are in training, as %s: figures on them are too good.",
            path,
            len(trained),
            len(ids),
            split.triple(int(is_known.nonzero()[int(trained[0])])),
        )
    return training.clone_and_exchange_triples(torch.unique(known, dim=0), create_inverse_triples=False)


def check_ids(triples: object, training: TriplesFactory) -> CoreTriplesFactory:
    """Check that triples have the ids of other ones, so that a model means the same by them.

    :param triples: the triples
    :param training: those that a model was trained on
    :return: the triples
    :raises ValueError: if they are no factory, or have other ids
    """
    if not isinstance(triples, CoreTriplesFactory):
        raise ValueError(f"triples={triples!r} is not allowed: it must be a factory, as read(path) makes of a file.")
    if isinstance(triples, TriplesFactory):
        pairs = (triples.entity_to_id, training.entity_to_id), (triples.relation_to_id, training.relation_to_id)
        is_same = all(here is there or here.items() <= there.items() for here, there in pairs)
    else:
        sizes = [(x.num_entities, x.real_num_relations) for x in (triples, training)]
        is_same = sizes[0] == sizes[1]
    if not is_same:
        raise ValueError(
            "triples have other ids than the model, which would rank others than these: read them from a file by "
            "read(path), or make them with the entity_to_id and relation_to_id of training."
        )
    return triples


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
