"""PyKEEN's cache of datasets, for processes that begin together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from class_resolver import HintOrType
from filelock import FileLock
from pykeen.constants import PYKEEN_DATASETS
from pykeen.datasets import Dataset, get_dataset

__all__ = ["get_dataset_locked"]


def get_dataset_locked(dataset: HintOrType[Dataset], dataset_kwargs: Mapping[str, Any] | None = None) -> Dataset:
    """Get a dataset while no other process of this machine does.

    PyKEEN writes its cache file by file, in place. It takes any folder that exists as complete. So where processes
    begin together on a new machine, all but the first would read half of the cache.

    :param dataset: what :func:`pykeen.datasets.get_dataset` takes
    :param dataset_kwargs: its arguments
    :return: the dataset
    """
    PYKEEN_DATASETS.mkdir(parents=True, exist_ok=True)
    with FileLock(PYKEEN_DATASETS / ".pykeen-conj-hale.lock"):
        return get_dataset(dataset=dataset, dataset_kwargs=dataset_kwargs)
