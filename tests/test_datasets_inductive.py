"""Inductive splits: ids, folders, and how any graph is split."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import Nations, dataset_resolver

from pykeen_conj_hale.datasets import (
    DATASETS_VARIABLE,
    FB15k237Inductive,
    InductiveFolderDataset,
    WN18RRInductive,
    split_inductive,
)

TRIPLES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 2), st.integers(0, 12)), min_size=20, max_size=60)


def write(folder):
    folder.mkdir()
    for name, triples in {"train": ["z\tr\ty", "y\tr\tz"], "valid": ["a\tr\tz"], "test": ["b\tr\ta"]}.items():
        (folder / f"{name}.txt.gz").write_bytes(gzip.compress("\n".join(triples).encode()))


def test_training_has_the_first_ids(tmp_path):
    write(tmp_path / "data")
    dataset = InductiveFolderDataset(tmp_path / "data", create_inverse_triples=True)
    assert dataset.entity_to_id == {"y": 0, "z": 1, "a": 2, "b": 3}
    assert dataset.training.mapped_triples[:, [0, 2]].max() == 1
    assert dataset.training.num_entities == dataset.testing.num_entities == 4


def test_names_and_folders(tmp_path, monkeypatch):
    monkeypatch.delenv(DATASETS_VARIABLE, raising=False)
    assert dataset_resolver.lookup("WN18RR-inductive") is WN18RRInductive
    assert dataset_resolver.lookup("FB15k237-inductive") is FB15k237Inductive
    with pytest.raises(ValueError, match=f"WN18RRInductive is not downloaded; .* or set {DATASETS_VARIABLE}"):
        WN18RRInductive()
    write(tmp_path / "wn18rr_ind")
    monkeypatch.setenv(DATASETS_VARIABLE, str(tmp_path))
    assert WN18RRInductive().num_entities == WN18RRInductive(path=tmp_path / "wn18rr_ind").num_entities == 4
    with pytest.raises(NotADirectoryError, match="fb15k237_ind"):
        FB15k237Inductive()


@pytest.mark.parametrize(
    ("name", "cls", "counts"),
    [
        ("wn18rr_ind", WN18RRInductive, (40943, 32755, 69585, 11381, 12037)),
        ("fb15k237_ind", FB15k237Inductive, (14541, 11633, 215082, 42164, 52870)),
    ],
)
def test_counts(shared, name, cls, counts):
    dataset = cls(path=shared / "datasets" / name)
    seen = dataset.training.mapped_triples[:, [0, 2]].unique()
    splits = [factory.num_triples for factory in (dataset.training, dataset.validation, dataset.testing)]
    assert (dataset.num_entities, len(seen), *splits) == counts
    assert int(seen.max()) == len(seen) - 1
    for factory in (dataset.validation, dataset.testing):
        assert (factory.mapped_triples[:, [0, 2]].max(dim=-1).values >= len(seen)).all()


def entities(triples):
    return set(np.asarray(triples)[:, [0, 2]].ravel().tolist())


@given(TRIPLES, st.integers(0, 3), st.integers(0, 100))
def test_a_split_is_what_it_says(listed, min_relation_triples, seed):
    triples = np.array(listed)
    try:
        split = split_inductive(triples, 1, 2, min_relation_triples=min_relation_triples, seed=seed)
    except ValueError:  # too few entities can go, which the next test is about
        return
    assert sorted(np.concatenate(split).tolist()) == list(range(len(triples)))
    training, validation, testing = (triples[ids] for ids in split)
    in_testing = entities(triples) - entities(training) - entities(validation)
    in_validation = entities(triples) - entities(training) - in_testing
    assert (len(in_testing), len(in_validation)) == (2, 1)
    assert all({h, t} & in_testing for h, _, t in testing.tolist())
    assert all({h, t} & in_validation for h, _, t in validation.tolist())
    for relation in set(triples[:, 1].tolist()):
        before, after = ((x[:, 1] == relation).sum() for x in (triples, training))
        assert after >= min(before, min_relation_triples)


def test_a_split_of_nations_does_not_depend_on_anything_but_the_seed():
    triples = Nations().training.mapped_triples.numpy()
    one, same, other = (split_inductive(triples, 1, 2, min_relation_triples=1, seed=seed) for seed in (0, 0, 5))
    assert all(np.array_equal(x, y) for x, y in zip(one, same, strict=True))
    assert not all(np.array_equal(x, y) for x, y in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("triples", "options", "message"),
    [
        ([[0, 0, 1], [1, 0, 2]], {"num_testing": 2}, "num_testing=2 is not allowed: only 1 entities can be dropped"),
        ([[0, 0, 1]] * 3, {"min_relation_triples": 3}, "only 0 entities"),
        ([[0, 0]], {}, r"shape \(1, 2\)"),
        ([[0, 0, 1]], {"num_validation": 0}, "num_validation=0"),
        ([[0, 0, 1]], {"num_testing": 0.5}, "num_testing=0.5"),
        ([[0, 0, 1]], {"min_relation_triples": -5}, "min_relation_triples=-5"),
        ([[0, 0, 1.5]], {}, "type float64: it must hold ids"),
    ],
)
def test_bad_splits(triples, options, message):
    with pytest.raises(ValueError, match=message):
        split_inductive(
            np.array(triples), **{"num_validation": 1, "num_testing": 1, "min_relation_triples": 0, **options}
        )
