"""One process at a time gets a dataset, and so writes PyKEEN's cache of it."""

import pytest
from filelock import FileLock, Timeout
from pykeen.datasets import Nations

import pykeen_conj_hale.datasets.cache as cache


def test_one_process_at_a_time(monkeypatch, tmp_path):
    other = FileLock(tmp_path / "datasets" / ".pykeen-conj-hale.lock", timeout=0, thread_local=False)

    def get_dataset(dataset, dataset_kwargs):
        with pytest.raises(Timeout):
            other.acquire()
        return dataset, dataset_kwargs

    monkeypatch.setattr(cache, "PYKEEN_DATASETS", tmp_path / "datasets")
    monkeypatch.setattr(cache, "get_dataset", get_dataset)
    assert cache.get_dataset_locked("nations", {"a": 1}) == ("nations", {"a": 1})
    other.acquire()  # and it is free again
    other.release()


def test_it_is_pykeens():
    dataset = cache.get_dataset_locked("nations", dict(create_inverse_triples=True))
    assert dataset.training.create_inverse_triples
    # one from the cache is of another class
    assert dataset.training.triples.tolist() == Nations().training.triples.tolist()
    assert cache.get_dataset_locked(dataset) is dataset
