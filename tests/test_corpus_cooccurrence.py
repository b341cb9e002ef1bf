"""Co-occurrences: files of them, and matrices that do not fit."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.sparse

from pykeen_conj_hale.text import Cooccurrence
from pykeen_conj_hale.text.corpus import cooccurrence

DOCUMENTS = ["The cat sat on the mat.", "New York is big; the CAT is in New York!", "a"]


def count(documents=DOCUMENTS, entities=None, **options):
    return Cooccurrence.from_documents(documents, entities, **{"min_count": 1, "use_tqdm": False, **options})


def test_saved_and_loaded(tmp_path):
    counted = count(entities={"NY": "new york"})
    counted.save(tmp_path / "c.npz")
    loaded = Cooccurrence.load(tmp_path / "c.npz")
    assert (loaded.entities, loaded.words, loaded.settings) == (counted.entities, counted.words, counted.settings)
    assert loaded.fingerprint() == counted.fingerprint()
    assert np.array_equal(loaded.matrix.toarray(), counted.matrix.toarray())
    assert np.array_equal(loaded.counts, counted.counts)
    assert repr(loaded) == "Cooccurrence(1 entities, 9 words, 51 pairs)"


def test_numbers_may_be_numpys(tmp_path):
    numbers = {"window": np.int64(3), "min_count": np.int32(1), "max_vocab": np.int64(5)}
    counted = count(**numbers, description_weight=np.float32(2.0))
    counted.save(tmp_path / "c.npz")
    assert counted.settings == count(window=3, max_vocab=5, description_weight=2.0).settings
    assert Cooccurrence.load(tmp_path / "c.npz").settings == counted.settings


def test_the_same_corpus_always_gives_the_same_file(tmp_path):
    for name, mentions in (("a", {"NY": "new york", "C": "cat"}), ("b", {"C": "cat", "NY": "new york"})):
        count(entities=mentions).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    code = f"""
from pykeen_conj_hale.text import Cooccurrence
counted = Cooccurrence.from_documents({DOCUMENTS!r}, dict(NY="new york", C="cat"), min_count=1, use_tqdm=False)
counted.save({str(tmp_path / "c")!r})
"""
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONHASHSEED": "1"})
    assert (tmp_path / "c").read_bytes() == (tmp_path / "a").read_bytes()


def test_another_version_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr(cooccurrence, "FORMAT", 99)
    count().save(tmp_path / "c.npz")
    monkeypatch.undo()
    with pytest.raises(ValueError, match="has the format 99, and this version reads 1"):
        Cooccurrence.load(tmp_path / "c.npz")


@pytest.mark.parametrize(
    ("shape", "value", "message"),
    [((2, 2), 1.0, "need a matrix of shape"), ((3, 3), -1.0, "> 0"), ((3, 3), 0.0, "> 0"), ((3, 3), np.nan, "finite")],
)
def test_matrices_that_do_not_fit(shape, value, message):
    matrix = scipy.sparse.csr_array(([value], ([0], [1])), shape=shape)
    with pytest.raises(ValueError, match=message):
        Cooccurrence(["e"], ["a", "b"], np.ones(3), matrix)
