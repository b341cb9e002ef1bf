"""Word vectors: neighbours, files."""

import numpy as np
import pytest

from pykeen_conj_hale.text import WordVectors


@pytest.fixture
def vectors():
    rows = np.array([[1, 0], [0, 2], [3, 0.3], [1, 0.9], [0, 0]], dtype=np.float32)
    return WordVectors(["uk", "New York"], ["london", "uk", "the"], rows)


def test_rows(vectors):
    assert (vectors.row("uk"), vectors.row("uk", "entity"), vectors.row("New York")) == (3, 0, 1)
    assert vectors["london"].tolist() == pytest.approx([3, 0.3])
    assert "london" in vectors
    assert "paris" not in vectors
    assert len(vectors) == 5
    with pytest.raises(KeyError, match="no entity 'london'"):
        vectors.row("london", "entity")
    with pytest.raises(ValueError, match="kind='thing'"):
        vectors.row("london", "thing")


def test_nearest_by_cosine(vectors):
    found = vectors.nearest("uk", kind="entity", k=2)
    assert [(n.token, n.kind) for n in found] == [("london", "word"), ("uk", "word")]
    assert found[0].value == pytest.approx(3 / np.hypot(3, 0.3))
    assert [n.token for n in vectors.nearest("london", among="entity")] == ["uk", "New York"]


def test_nearest_by_distance(vectors):
    found = vectors.nearest("uk", metric="euclidean", among="word")
    assert [n.token for n in found] == ["the", "london"]
    assert found[0].value == pytest.approx(np.hypot(1, 0.9))
    assert vectors.nearest(np.array([0, 2]), k=1, metric="euclidean")[0].token == "New York"
    with pytest.raises(ValueError, match="metric='dot'"):
        vectors.nearest("uk", metric="dot")


def test_word2vec_text(vectors, tmp_path):
    vectors.save_word2vec(tmp_path / "v.txt")
    header, *lines = (tmp_path / "v.txt").read_text().splitlines()
    assert header == "5 2"
    tokens, *columns = zip(*(line.split(" ") for line in lines), strict=True)
    assert tokens == ("ENTITY/uk", "ENTITY/New_York", "london", "uk", "the")
    assert np.array_equal(np.array(columns, dtype=np.float32).T, vectors.vectors)  # nothing is lost


def test_two_tokens_of_the_same_name(vectors, tmp_path):
    with pytest.raises(ValueError, match=r"\['uk'\]; another entity_prefix may help"):
        vectors.save_word2vec(tmp_path / "v.txt", entity_prefix="")
    assert not list(tmp_path.iterdir())


def test_two_entities_of_the_same_name(tmp_path):
    """No prefix helps."""
    vectors = WordVectors(["new york", "new_york"], ["new"], np.eye(3, dtype=np.float32))
    with pytest.raises(ValueError, match=r"\['ENTITY/new_york'\]; white space becomes an underscore") as error:
        vectors.save_word2vec(tmp_path / "v.txt")
    assert "entity_prefix" not in str(error.value)


def test_a_token_of_white_space_has_no_place_in_a_text_file(tmp_path):
    vectors = WordVectors([" ", "b"], [], np.eye(2, dtype=np.float32))
    with pytest.raises(ValueError, match="white space only"):
        vectors.save_word2vec(tmp_path / "v.txt", entity_prefix="")
    assert not list(tmp_path.iterdir())


def test_safetensors(vectors, tmp_path):
    pytest.importorskip("safetensors")
    vectors.save_safetensors(tmp_path / "v.safetensors")
    loaded = WordVectors.load_safetensors(tmp_path / "v.safetensors")
    assert (loaded.entities, loaded.words) == (vectors.entities, vectors.words)
    assert np.array_equal(loaded.vectors, vectors.vectors)


def test_vectors_that_do_not_fit():
    with pytest.raises(ValueError, match=r"shape \(3, 2\): 1 entities and 1 words need 2 rows"):
        WordVectors(["a"], ["b"], np.zeros((3, 2)))


@pytest.mark.parametrize(
    ("tensors", "metadata"),
    [
        ({"vectors": np.eye(3)}, None),
        ({"vectors": np.eye(3)}, {"entities": "[]"}),
        ({"vectors": np.eye(3)}, {"entities": "5", "words": "[]"}),
        ({"vectors": np.eye(3)}, {"entities": "[", "words": "[]"}),
        ({"vectors": np.eye(3)}, {"entities": "[]", "words": "[]"}),
        ({"x": np.eye(3)}, {"entities": "[]", "words": "[]"}),
    ],
)
def test_other_files_of_safetensors(tmp_path, tensors, metadata):
    save_file = pytest.importorskip("safetensors.numpy").save_file
    save_file(tensors, tmp_path / "w.safetensors", metadata=metadata)
    with pytest.raises(ValueError, match=r"w\.safetensors' has no word vectors with their tokens"):
        WordVectors.load_safetensors(tmp_path / "w.safetensors")
    (tmp_path / "x.safetensors").write_bytes(b"text")
    with pytest.raises(ValueError, match=r"x\.safetensors'"):
        WordVectors.load_safetensors(tmp_path / "x.safetensors")
    with pytest.raises(FileNotFoundError):
        WordVectors.load_safetensors(tmp_path / "none.safetensors")
