"""From a folder of large files to a folder of mapped triples, in a bounded memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np
from tqdm.auto import tqdm

from ...checks import check_bool, check_number, check_path
from ...files import replacing_folder
from ...outputs import check_apart
from ..columns import Columns, check_columns
from ..files import find_split_parts
from ..labels import OTHER_FORMS, PADDED, say_alike
from ..policies import Policies, Policy, judge_duplicates, judge_leakage, say_strange
from ..reader import FEW
from ..repeats import OWNERS
from .blocks import Parts, read_blocks
from .folder import DESCRIPTION, KINDS, SPLITS, Description, check_replaceable, writing_array
from .labels import write_labels
from .numbering import Numbering, import_duckdb

__all__ = ["build_triples"]


def build_triples(
    path: str | Path,
    output: str | Path,
    *,
    columns: Columns | None = None,
    header: Policy = "error",
    duplicates: Policy = "error",
    leakage: Policy = "keep",
    memory: float = 4.0,
    force: bool = False,
    use_tqdm: bool = True,
) -> Description:
    """Make a folder of mapped triples, for :class:`~pykeen_conj_hale.datasets.MappedDataset`.

    Ids are those of :class:`~pykeen_conj_hale.datasets.FolderDataset`: over all splits, in the order of the sorted
    labels, and so is what is checked. DuckDB keeps to ``memory``; the files are read in blocks of 16 MiB; what does not
    fit goes to the disk, beside the output: several times the size of the unpacked files, until the end.

    :param path: a folder with `train`, `valid` and `test`, each a file ending in `.tsv` or `.txt`, also with `.gz`, or
        in `.parquet`; or a folder of such files, which follow each other in the order of their names
    :param output: the folder to make; neither the one that is read, nor in it, nor around it
    :param columns: the names of the columns of heads, relations and tails, in Parquet or in the first line of each
        other file; None for lines of three labels, or usual names
    :param header: what becomes of a first line with the names of columns where these are not given, in files of lines
    :param duplicates: what becomes of triples that are in their split before
    :param leakage: what becomes of validation and test triples that are in another split, too
    :param memory: the memory of DuckDB in GiB, ≥ 0.25; the process takes little more
    :param force: whether a folder of mapped triples that is there, and holds nothing else, is replaced
    :param use_tqdm: whether to show progress
    :return: what has been made
    :raises OSError: if a file is missing, or the output is there already, or cannot be written
    :raises ValueError: if a file or an argument is not allowed, or a policy refuses triples
    :raises ImportError: if duckdb or pyarrow is not installed
    """
    policies = Policies(header=header, duplicates=duplicates, leakage=leakage)
    check_number("memory", memory, minimum=0.25, maximum=2**20)
    check_bool("use_tqdm", use_tqdm)
    files = find_split_parts(check_path("path", path))
    splits = {split: Parts(str(Path(path) / split) if len(x) > 1 else str(x[0]), x) for split, x in files.items()}
    columns, target = check_columns(columns), check_path("output", output).expanduser()
    mark = DESCRIPTION if check_bool("force", force) else None
    check_apart(target, [Path(path).expanduser(), *(file.path for parts in files.values() for file in parts)])
    if mark is not None:
        check_replaceable(target)
    with replacing_folder(target, mark) as folder, _numbering(folder, memory) as numbering:
        for split, parts in splits.items():
            _read(numbering, split, parts, policies, columns, use_tqdm)
        counts = {kind: _number(numbering, kind) for kind in _steps(KINDS, "Numbering", use_tqdm)}
        numbering.map()
        for split in _steps(OWNERS, "Looking for repeated triples", use_tqdm):
            _drop_repeats(numbering, split, splits[split], policies)
        for kind in _steps(KINDS, "Writing labels", use_tqdm):
            write_labels(folder, kind, counts[kind], *numbering.labels(kind))
        triples = {split: _write_triples(numbering, folder, split, use_tqdm) for split in SPLITS}
        about = Description(counts["entities"], counts["relations"], triples)
        about.write(folder)
    return about


@contextmanager
def _numbering(folder: Path, memory: float) -> Iterator[Numbering]:
    """Make a database that is gone before the folder is put in its place."""
    try:
        with (
            TemporaryDirectory(prefix="numbering-", dir=folder) as temporary,
            closing(Numbering(Path(temporary), memory)) as numbering,
        ):
            yield numbering
    except import_duckdb().Error as error:
        raise OSError(
            f"output: DuckDB could not number the labels with memory={memory:g} (GiB) on the disk of "
            f"{str(folder.parent)!r}: {error}. It needs space for several times the unpacked files there; where "
            "memory is what is missing, give more by --memory."
        ) from error


def _steps(steps: Sequence[str], what: str, use_tqdm: bool) -> Iterable[str]:
    bar: Iterable[str] = tqdm(steps, what, unit="step", disable=not use_tqdm)
    return bar


def _read(
    numbering: Numbering, split: str, parts: Parts, policies: Policies, columns: Columns | None, use_tqdm: bool
) -> None:
    with tqdm(desc=f"Reading {split}", unit="triple", unit_scale=True, disable=not use_tqdm) as bar:
        for file in parts.files:
            for index, block in enumerate(read_blocks(file, policies, columns)):
                if index == 0:
                    parts.begin(numbering.num_rows(split), block.first_line, file)
                numbering.add(split, block.labels)
                bar.update(len(block.labels))


def _number(numbering: Numbering, kind: str) -> int:
    num = numbering.number(kind)
    for alike, find in ((OTHER_FORMS, numbering.find_other_forms), (PADDED, numbering.find_padded)):
        count, pairs = find(kind)
        if count:
            say_alike(alike, kind, count, pairs)
    return num


class _Place(NamedTuple):
    """A split whose triples can be found again."""

    numbering: Numbering
    split: str
    parts: Parts

    @property
    def file(self) -> str:
        return self.parts.name

    def line(self, row: int) -> str:
        return self.parts.line(row)

    def triple(self, row: int) -> list[str]:
        return self.numbering.triple(self.split, row)


def _drop_repeats(numbering: Numbering, split: str, parts: Parts, policies: Policies) -> None:
    """Look for triples that are in their split before, or in a split that comes before."""
    place = _Place(numbering, split, parts)
    if parts.begins_with_a_line and numbering.is_strange(split, FEW):
        say_strange(parts.files[0], place.triple(0))
    if (found := numbering.find_duplicates(split)) and judge_duplicates(
        place, (found.before, found.row), found.number, policies
    ):
        numbering.drop_found(split)
    for other in OWNERS[: OWNERS.index(split)]:
        if found := numbering.find_leaks(split, other):
            counts = (found.number, numbering.num_rows(split))
            if judge_leakage((split, other), place, found.row, counts, policies):
                numbering.drop_found(split)
    if not numbering.count_kept(split):
        raise ValueError(
            f"{parts.name}: no triple of {split} is left, as all are in another split, and leakage='drop'; make the "
            "splits anew"
        )


def _write_triples(numbering: Numbering, folder: Path, split: str, use_tqdm: bool) -> int:
    num = numbering.count_kept(split)
    bar = tqdm(desc=f"Writing {split}", total=num, unit="triple", unit_scale=True, disable=not use_tqdm)
    with bar, writing_array(folder / f"{split}.npy", (num, 3), np.int64) as write:
        for rows in numbering.triples(split):
            write(rows)
            bar.update(len(rows))
    return num
