"""Datasets whose validation and test triples have an entity that training has not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from docdata import parse_docdata

from .base import FolderDataset
from .remote import DATASETS_VARIABLE

__all__ = ["FB15k237Inductive", "InductiveFolderDataset", "WN18RRInductive"]


class InductiveFolderDataset(FolderDataset):
    """A dataset from the files of a folder, in which the entities of training have the first ids.

    So a model can be trained with these only, in PyKEEN's inductive mode ``"training"``, and ranks the entities of all
    splits.

    >>> dataset = InductiveFolderDataset(path="my_dataset", create_inverse_triples=True)  # doctest: +SKIP
    """

    training_first: ClassVar[bool] = True


class _LocalInductiveDataset(InductiveFolderDataset):
    """An inductive split with a name, from a local folder."""

    #: The name of the sub-folder with this dataset
    folder: ClassVar[str]

    def __init__(
        self, path: str | Path | None = None, create_inverse_triples: bool = False, eager: bool = False
    ) -> None:
        """Find the folder. The files are read at the first use.

        :param path: a folder with one file per split, as for :class:`FolderDataset`; by default the sub-folder
            :attr:`folder` of the folder that the environment variable ``PYKEEN_CONJ_HALE_DATASETS`` names
        :param create_inverse_triples: whether the training triples get inverse ones
        :param eager: whether to read the files now rather than at the first use
        :raises ValueError: if there is neither a path nor the environment variable
        :raises NotADirectoryError: if the path is no folder
        :raises FileNotFoundError: if there is no file for a split
        """
        if path is None:
            root = os.environ.get(DATASETS_VARIABLE)
            if not root:
                raise ValueError(
                    f"path=None: {type(self).__name__} is not downloaded; give path=FOLDER with train.txt, valid.txt "
                    f"and test.txt, or set {DATASETS_VARIABLE} to a folder with the sub-folder {self.folder}. "
                    "docs/datasets.md says where they are; split_inductive makes such splits."
                )
            path = Path(root).expanduser() / self.folder
        super().__init__(path, create_inverse_triples=create_inverse_triples, eager=eager)


@parse_docdata
class WN18RRInductive(_LocalInductiveDataset):
    """WN18RR's triples, split so that every validation and test triple has an entity that training has not.

    ---
    name: WN18RR-inductive
    statistics:
        entities: 40943
        relations: 11
        training: 69585
        testing: 12037
        validation: 11381
        triples: 93003
    citation:
        author: Daza
        year: 2021
        link: https://arxiv.org/abs/2010.03496
    """

    folder: ClassVar[str] = "wn18rr_ind"


@parse_docdata
class FB15k237Inductive(_LocalInductiveDataset):
    """FB15k-237's triples, split so that every validation and test triple has an entity that training has not.

    ---
    name: FB15k237-inductive
    statistics:
        entities: 14541
        relations: 237
        training: 215082
        testing: 52870
        validation: 42164
        triples: 310116
    citation:
        author: Daza
        year: 2021
        link: https://arxiv.org/abs/2010.03496
    """

    folder: ClassVar[str] = "fb15k237_ind"
