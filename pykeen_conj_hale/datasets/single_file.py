"""A dataset from one file of triples, which is split so that each entity and relation is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

import numpy as np
import torch
from pykeen.triples.splitting import CoverageSplitter

from ..checks import check_number, check_path, check_seed
from .base import AllSplitsDataset
from .columns import Columns
from .files import SplitFile
from .policies import Policies, Policy
from .reader import read_splits
from .repeats import Ids

__all__ = ["FileDataset"]

#: The largest share of validation, and of testing
MAX_HOLDOUT: Final = 0.4


class FileDataset(AllSplitsDataset):
    """A dataset from one file of triples.

    PyKEEN's :class:`~pykeen.triples.splitting.CoverageSplitter` splits it: training has a triple of each entity and
    each relation, and validation and testing are drawn from the rest.

    >>> dataset = FileDataset(path="triples.csv", create_inverse_triples=True)  # doctest: +SKIP
    """

    def __init__(
        self,
        path: str | Path,
        create_inverse_triples: bool = False,
        eager: bool = False,
        *,
        holdout: float = 0.1,
        seed: int = 0,
        duplicates: Policy = "drop",
        header: Policy = "drop",
        columns: Columns | None = None,
    ) -> None:
        """Find the file. Its content is read at the first use.

        :param path: a file ending in `.txt` or `.tsv`, with lines `head<TAB>relation<TAB>tail`; in `.csv`; each of them
            also with `.gz`; or in `.parquet`, which needs pyarrow
        :param create_inverse_triples: whether the training triples get inverse ones
        :param eager: whether to read the file now rather than at the first use
        :param holdout: the share of the triples for validation, and the share for testing; above 0, at most 0.4
        :param seed: the seed of the split
        :param duplicates: what becomes of triples that are there before: ``"error"`` or ``"drop"`` (each is kept once).
            They cannot stay, as a triple would be in two splits
        :param header: what becomes of a first line with the names of columns, where there are three: ``"error"``,
            ``"drop"``, or ``"keep"`` as a triple. It is none if another line has one of its labels in the same place.
            Tables may always have one: it is left out but for ``"keep"``
        :param columns: the names of the columns of heads, relations and tails; None for three columns without names, or
            with usual ones as `head`, `relation`, `tail`
        :raises FileNotFoundError: if there is no such file
        :raises ValueError: if an argument is not allowed; when read: if the file is broken, not UTF-8, empty, or has a
            malformed line; or if too few triples are left to hold out
        """
        self._holdout = check_number("holdout", holdout, above=0, maximum=MAX_HOLDOUT)
        self._seed = check_seed("seed", seed)
        if duplicates == "keep":
            raise ValueError(
                "duplicates='keep' is not allowed for a file that is split, as a triple would be in two splits; give "
                "'drop' or 'error'."
            )
        self._file = SplitFile(check_path("path", path).expanduser())
        if not self._file.path.is_file():
            raise FileNotFoundError(f"path={str(path)!r} is no file of triples, and no folder with three of them.")
        super().__init__(
            create_inverse_triples=create_inverse_triples,
            eager=eager,
            policies=Policies(header=header, duplicates=duplicates),
            columns=columns,
        )

    def _find_files(self) -> Mapping[str, SplitFile]:
        return {"training": self._file}

    def _load(self) -> None:
        triples, entity_to_id, relation_to_id = read_splits(self._find_files(), self._policies, self._columns)
        splits = split_triples(str(self._file), triples["training"], self._holdout, self._seed)
        self._keep(splits, entity_to_id, relation_to_id, dict.fromkeys(splits, str(self._file)))


def split_triples(name: str, triples: Ids, holdout: float, seed: int) -> dict[str, Ids]:
    """Split triples so that each entity and each relation is in training.

    :param name: where they are from, for the error
    :param triples: shape: ``(n, 3)``
    :param holdout: the share of validation, and of testing
    :param seed: the seed
    :return: the triples of each split
    :raises ValueError: if not one triple each could be held out
    """
    size = round(holdout * len(triples))
    sizes = [len(triples) - 2 * max(1, size), max(1, size), max(1, size)]
    generator = torch.Generator().manual_seed(seed)
    try:
        if sizes[0] < 1:
            raise ValueError
        parts = CoverageSplitter().split_absolute_size(torch.as_tensor(triples), sizes, generator)
    except ValueError as error:
        raise ValueError(
            f"{name}: of {len(triples)} triples, {sizes[1]} for validation and {sizes[2]} for testing cannot be held "
            "out without an entity or a relation that no other triple has; give more triples, a smaller holdout, or a "
            "folder with train.txt, valid.txt and test.txt."
        ) from error
    names = ("training", "validation", "testing")
    return {split: np.asarray(part.numpy()) for split, part in zip(names, parts, strict=True)}
