"""A dataset whose triples stay on the disk: they are mapped, and processes of a machine share their pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from pykeen.datasets.base import EagerDataset
from pykeen.triples import CoreTriplesFactory
from torch import Tensor

from ...checks import check_bool, check_path
from .folder import SPLITS, Description, map_array
from .labels import MappedLabels

__all__ = ["MappedDataset", "MappedTriplesFactory"]

#: Triples that are looked at at once
_BLOCK_ROWS: Final = 2**20


class MappedTriplesFactory(CoreTriplesFactory):
    """A triples factory whose triples are mapped from a file.

    PyKEEN's loops can use it as any other, and some copy its triples. Query sampling does not: it draws the rows of a
    batch from the file, with inverse triples made on the way.
    """

    def __init__(self, mapped_triples: Tensor, num_entities: int, num_relations: int, **kwargs: Any) -> None:
        """Initialize the factory, without a copy of the triples.

        :param mapped_triples: shape: ``(num_triples, 3)``, of the type long
        :param num_entities: the number of entities
        :param num_relations: the number of relations, without inverse ones
        :param kwargs: further arguments of :class:`pykeen.triples.CoreTriplesFactory`
        :raises ValueError: if an id is not among these
        """
        # PyKEEN's own look at the ids needs memory for all triples
        super().__init__(mapped_triples[:0], num_entities, num_relations, **kwargs)
        limits = torch.tensor([num_entities, num_relations, num_entities])
        for start in range(0, len(mapped_triples), _BLOCK_ROWS):
            block = mapped_triples[start : start + _BLOCK_ROWS]
            if (wrong := ((block < 0) | (block >= limits)).any(dim=1)).any():
                row = int(wrong.nonzero()[0])
                raise ValueError(
                    f"triple {start + row} is {block[row].tolist()}, where there are {num_entities} entities and "
                    f"{num_relations} relations; build the folder anew."
                )
        self.mapped_triples = mapped_triples


class MappedDataset(EagerDataset):
    """A dataset of a folder that ``pykeen-conj-hale triples build`` has made.

    The triples are mapped from the disk, as 64-bit ids, which is what PyKEEN has; nothing is copied. So are labels:
    ``dataset.entity_labels[i]`` is the label of an id, and ``dataset.entity_labels.find(label)`` the id of a label.

    >>> dataset = MappedDataset("my_mapped_triples", create_inverse_triples=True)  # doctest: +SKIP
    """

    #: The labels of entities, by their ids
    entity_labels: MappedLabels
    #: The labels of relations, by their ids, without inverse ones
    relation_labels: MappedLabels

    def __init__(self, path: str | Path, create_inverse_triples: bool = False) -> None:
        """Map the dataset.

        :param path: the folder
        :param create_inverse_triples: whether the training triples get inverse ones
        :raises OSError: if there is no such folder, or a file of it is missing
        :raises ValueError: if a file of it is damaged
        """
        check_bool("create_inverse_triples", create_inverse_triples)
        folder = check_path("path", path).expanduser()
        about = Description.read(folder)
        factories = {
            split: MappedTriplesFactory(
                torch.from_numpy(map_array(folder / f"{split}.npy", (about.triples[split], 3), np.int64)),
                num_entities=about.entities,
                num_relations=about.relations,
                # for the other splits, this is up to the evaluation
                create_inverse_triples=create_inverse_triples and split == "training",
                metadata={"path": str(folder / f"{split}.npy")},
            )
            for split in SPLITS
        }
        super().__init__(**factories, metadata={"path": str(folder)})
        self.entity_labels = MappedLabels(folder, "entities", about.entities)
        self.relation_labels = MappedLabels(folder, "relations", about.relations)
