"""Datasets whose ids are built over all three splits, so that no triple of any split is dropped."""

from __future__ import annotations

import csv
import gzip
from abc import abstractmethod
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any, ClassVar

from pykeen.datasets.base import LazyDataset
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from ..checks import check_bool, check_path
from .columns import Columns, check_columns
from .files import SplitFile, find_split_files
from .policies import Policies, Policy
from .reader import read_splits
from .repeats import Ids

__all__ = ["AllSplitsDataset", "FolderDataset", "VerbatimTriplesFactory"]


class VerbatimTriplesFactory(TriplesFactory):
    """A triples factory that reads labels back from PyKEEN's cache as the text they are.

    PyKEEN's own guesses types: of WN18RR's `00260881` it makes the number 260881, and of `NA` a missing value.
    """

    @classmethod
    def _from_path_binary(cls, path: Path) -> MutableMapping[str, Any]:
        # not the direct parent's, which reads the two label files its way
        data = super(TriplesFactory, cls)._from_path_binary(path)
        for name in (cls.file_name_entity_to_id, cls.file_name_relation_to_id):
            with gzip.open(path / f"{name}.tsv.gz", "rt", encoding="utf-8", newline="") as file:
                rows = csv.reader(file, delimiter="\t")
                next(rows)
                data[name] = {label: int(i) for i, label in rows}
        return data


class AllSplitsDataset(LazyDataset):
    """A dataset with entity and relation ids over all three splits.

    All splits are loaded together, since the ids need all of them. Training, testing and validation share the ids and
    the number of entities and relations, and keep the order of their files.
    """

    triples_factory_cls: ClassVar[type[CoreTriplesFactory]] = VerbatimTriplesFactory
    #: Whether the entities of training have the first ids, and those that are unseen there the last ones
    training_first: ClassVar[bool] = False

    def __init__(
        self,
        *,
        create_inverse_triples: bool = False,
        eager: bool = False,
        policies: Policies | None = None,
        columns: Columns | None = None,
    ) -> None:
        """Initialize the dataset.

        :param create_inverse_triples: whether the training triples get inverse ones
        :param eager: whether to read the files now rather than at the first use
        :param policies: what becomes of a header, and of triples that are there more than once
        :param columns: the names of the columns of heads, relations and tails, where files are tables
        :raises ValueError: if one of the first two is neither True nor False, or columns are not three names
        """
        self._policies = policies or Policies()
        self._columns = check_columns(columns)
        # a string is true, whatever it says
        self._create_inverse_triples = check_bool("create_inverse_triples", create_inverse_triples)
        if check_bool("eager", eager):
            self._load()

    @abstractmethod
    def _find_files(self) -> Mapping[str, SplitFile]:
        """Get the files of `training`, `validation` and `testing`."""
        raise NotImplementedError

    def _load(self) -> None:
        files = self._find_files()
        triples, entity_to_id, relation_to_id = read_splits(
            files, self._policies, self._columns, training_first=self.training_first
        )
        paths = {split: str(file) for split, file in files.items()}
        self._keep(triples, entity_to_id, relation_to_id, paths)

    def _keep(
        self,
        triples: Mapping[str, Ids],
        entity_to_id: Mapping[str, int],
        relation_to_id: Mapping[str, int],
        paths: Mapping[str, str],
    ) -> None:
        """Make the factories of the three splits."""
        factories = {
            split: VerbatimTriplesFactory(
                mapped_triples=ids,
                entity_to_id=entity_to_id,
                relation_to_id=relation_to_id,
                # for the other splits, this is up to the evaluation
                create_inverse_triples=self._create_inverse_triples and split == "training",
                metadata={"path": paths[split]},
            )
            for split, ids in triples.items()
        }
        self._training = factories["training"]
        self._testing = factories["testing"]
        self._validation = factories["validation"]

    def _load_validation(self) -> None:
        """Do nothing: validation is loaded with training."""


class FolderDataset(AllSplitsDataset):
    """A dataset from the files of a folder, with ids over all three splits.

    >>> dataset = FolderDataset(path="my_dataset", create_inverse_triples=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        path: str | Path,
        create_inverse_triples: bool = False,
        eager: bool = False,
        *,
        duplicates: Policy = "error",
        leakage: Policy = "keep",
        header: Policy = "error",
        columns: Columns | None = None,
    ) -> None:
        """Find the files of the folder. Their content is read at the first use.

        :param path: a folder with one file per split: `train`, `valid` and `test` (or `training`; `validation`, `dev`;
            `testing`), ending in `.txt` or `.tsv`, also with `.gz`. Each line is `head<TAB>relation<TAB>tail`, in
            UTF-8, with LF or CRLF line ends. Or tables: see :class:`FileDataset`
        :param create_inverse_triples: whether the training triples get inverse ones
        :param eager: whether to read the files now rather than at the first use
        :param duplicates: what becomes of triples that are in their split before: ``"error"``, ``"drop"`` (each is kept
            once) or ``"keep"``
        :param leakage: what becomes of validation and test triples that are in training, and of validation triples that
            are in testing: ``"error"``, ``"drop"`` or ``"keep"``, with a warning that says how many
        :param header: what becomes of a first line with the names of columns, as `head`, `relation`, `tail`:
            ``"error"``, ``"drop"``, or ``"keep"`` as a triple. It is none if another line has one of its labels in the
            same place. Tables may always have one: it is left out but for ``"keep"``
        :param columns: the names of the columns of heads, relations and tails; None for three columns without names, or
            with usual ones
        :raises NotADirectoryError: if `path` is no folder
        :raises FileNotFoundError: if there is no file for a split
        :raises ValueError: if there are several files for a split; when read: if a file is broken, not UTF-8, empty, or
            has a malformed line, or what these arguments refuse
        """
        policies = Policies(header=header, duplicates=duplicates, leakage=leakage)
        self._files = find_split_files(check_path("path", path))
        super().__init__(create_inverse_triples=create_inverse_triples, eager=eager, policies=policies, columns=columns)

    def _find_files(self) -> Mapping[str, SplitFile]:
        return self._files
