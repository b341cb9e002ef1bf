"""Where the literature's datasets come from: a local folder, or the public address that PyKEEN knows."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from pykeen.datasets.base import LazyDataset, PackedZipRemoteDataset, PathDataset, RemoteDataset
from pystow.utils import download

from ..pykeen_internals import remote_paths, unpack
from .base import AllSplitsDataset
from .files import SplitFile, find_split_files

__all__ = ["DATASETS_VARIABLE", "LiteratureDataset"]

#: The environment variable with the root folder of local datasets
DATASETS_VARIABLE = "PYKEEN_CONJ_HALE_DATASETS"


class LiteratureDataset(AllSplitsDataset):
    """A dataset of PyKEEN's with ids over all three splits, from a local folder or downloaded as PyKEEN does.

    The first of these is used:

    1. the folder `path`,
    2. the sub-folder :attr:`folder` of the folder that the environment variable `PYKEEN_CONJ_HALE_DATASETS` names,
    3. PyKEEN's cache, into which the data is downloaded if it is not there.

    .. note::

        PyKEEN's :func:`pykeen.datasets.get_dataset`, and hence its pipeline, keeps what it has read in a cache. The
        cache knows a dataset by its class and keyword arguments only. If the files, or the environment variable, have
        changed since, pass `dataset_kwargs=dict(force=True, ...)` to have them read again.
    """

    #: The name of the sub-folder with this dataset
    folder: ClassVar[str]
    #: PyKEEN's class of this dataset, which knows its address, cache and layout
    original: ClassVar[Callable[..., LazyDataset]]

    def __init__(
        self,
        path: str | Path | None = None,
        create_inverse_triples: bool = False,
        cache_root: str | Path | None = None,
        eager: bool = False,
    ) -> None:
        """Find the folder, if there is a local one. Data is downloaded and read at the first use.

        :param path: a folder with one file per split, as for :class:`FolderDataset`
        :param create_inverse_triples: whether the training triples get inverse ones
        :param cache_root: the folder for downloaded data, in a sub-folder named after PyKEEN's class; defaults to
            PyKEEN's datasets folder
        :param eager: whether to download and read now rather than at the first use
        :raises NotADirectoryError: if `path`, or what the environment variable names, is no folder
        :raises FileNotFoundError: if the folder has no file for a split
        :raises ValueError: if the folder has several files for a split; when read: if a file is broken, not UTF-8,
            empty, or has a malformed line or a triple twice
        :raises OSError: when read: if downloading fails
        """
        local = self._local_folder() if path is None else path
        self._files = None if local is None else find_split_files(local)
        self._cache_root = cache_root
        super().__init__(create_inverse_triples=create_inverse_triples, eager=eager)

    @classmethod
    def _local_folder(cls) -> Path | None:
        value = os.environ.get(DATASETS_VARIABLE)
        if not value:
            return None
        root = Path(value).expanduser()
        if not root.is_dir():
            raise NotADirectoryError(
                f"the environment variable {DATASETS_VARIABLE}={value!r} names no folder; set it to one with "
                f"sub-folders such as {cls.folder}, or unset it to have data downloaded"
            )
        folder = root / cls.folder
        return folder if folder.is_dir() else None

    def _find_files(self) -> Mapping[str, SplitFile]:
        if self._files is None:
            try:
                self._files = _download(self.original(cache_root=self._cache_root))
            except (OSError, EOFError, tarfile.TarError) as error:
                raise OSError(
                    f"{type(self).__name__}: downloading failed ({error}); give path=FOLDER with train.txt, valid.txt "
                    f"and test.txt, or set {DATASETS_VARIABLE} to a folder with the sub-folder {self.folder}"
                ) from error
        return self._files


def _download(dataset: LazyDataset) -> dict[str, SplitFile]:
    if isinstance(dataset, PackedZipRemoteDataset):
        if not dataset.path.is_file() and dataset.url is not None:
            download(dataset.url, dataset.path)
        return {
            # paths within a zip archive have forward slashes everywhere
            "training": SplitFile(dataset.path, dataset.relative_training_path.as_posix()),
            "validation": SplitFile(dataset.path, dataset.relative_validation_path.as_posix()),
            "testing": SplitFile(dataset.path, dataset.relative_testing_path.as_posix()),
        }
    if not isinstance(dataset, PathDataset) or dataset.validation_path is None:
        raise TypeError(
            f"cannot find the files of {type(dataset).__name__}; use one of PyKEEN's datasets with three files"
        )
    # a dataset of unpacked files has downloaded them when it was made
    if isinstance(dataset, RemoteDataset) and not all(path.is_file() for path in remote_paths(dataset)):
        _unpack(dataset)
    return {
        "training": SplitFile(dataset.training_path),
        "validation": SplitFile(dataset.validation_path),
        "testing": SplitFile(dataset.testing_path),
    }


def _unpack(dataset: RemoteDataset) -> None:
    try:
        unpack(dataset)
    except BaseException:
        # a file cut short would pass for a whole one at the next use
        for path in remote_paths(dataset):
            path.unlink(missing_ok=True)
        raise
