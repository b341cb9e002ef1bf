"""Vectors of words as a start: formats, what is missing, another dimension, broken files."""

import gzip
import logging

import numpy as np
import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver

from pykeen_conj_hale.text import WordVectors
from pykeen_conj_hale.text.words import load_into, read_vectors

LINES = ["sugar 1 0 0 0", "of 0 2 0 0", ". . 0 0 3 0", "state 0 0 0 -4e-1", "sugar 9 9 9 9"]
TEXTS = {"cuba": "state of sugar", "china": "state of tea", "egypt": "state sugar tea"}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "vectors.txt"
    path.write_text("\n".join(LINES))
    return path


def make(dim=4, **options):
    training = Nations(create_inverse_triples=True).training
    return model_resolver.make(
        "TextEntities", triples_factory=training, base="TransE", texts=TEXTS, embedding_dim=dim, **options
    )


@pytest.mark.parametrize("header", ["", "5 4\n"])
@pytest.mark.parametrize("packed", [True, False])
def test_formats(tmp_path, header, packed):
    path = tmp_path / ("v.txt.gz" if packed else "v.txt")
    data = (header + "\n".join(LINES) + "\n").encode()
    path.write_bytes(gzip.compress(data) if packed else data)
    found = read_vectors(path)
    assert found.words == ["sugar", "of", ". .", "state"]
    np.testing.assert_allclose(found.vectors, np.diag([1, 2, 3, -0.4]))
    assert read_vectors(path, wanted={"of"}).words == ["of"]


@pytest.mark.parametrize("ending", [".txt", ".safetensors"])
def test_our_own_files_can_be_read_back(tmp_path, ending):
    path = tmp_path / f"v{ending}"
    vectors = WordVectors(["cuba", "new york"], ["sugar", "tea"], np.random.rand(4, 3).astype(np.float32))
    (vectors.save_word2vec if ending == ".txt" else vectors.save_safetensors)(path)
    found = read_vectors(path)
    assert found.words == ["sugar", "tea"]
    np.testing.assert_array_equal(found.vectors, vectors.vectors[2:])


def test_words_start_there_and_a_reset_keeps_them(path, caplog):
    with caplog.at_level(logging.INFO):
        model = make(vectors=path)
    assert "3 of 4 words have a vector" in caplog.text
    assert "['tea']" in caplog.text
    vocabulary = model.bag.vocabulary
    rows = [vocabulary.number(word) for word in ("sugar", "of", "state")]
    expected = torch.diag(torch.tensor([1.0, 2.0, -0.4, 1.0]))[:3, [0, 1, 3, 2]]
    expected[2] = torch.tensor([0, 0, 0, -0.4])
    expected = expected / expected.square().sum(-1).mean().sqrt()
    tea = model.bag.words.vectors[vocabulary.number("tea")].clone()
    for _ in range(2):
        torch.testing.assert_close(model.bag.words.vectors[rows], expected)
        model.reset_parameters_()
    assert not torch.equal(model.bag.words.vectors[vocabulary.number("tea")], tea)
    assert not make(vectors=path, vectors_trainable=False).bag.words.vectors.requires_grad


def test_another_dimension(path):
    with pytest.raises(ValueError, match=r"vectors\.txt: has vectors of dimension 4, and the words' have 6"):
        make(6, vectors=path)
    with pytest.raises(ValueError, match="vectors_dimension='project' of TextEntities"):
        make(6, vectors=path)
    for dim in (2, 6):
        model = make(dim, vectors=path, vectors_dimension="project")
        assert torch.isfinite(model.bag.words.vectors).all()
    rows = [model.bag.vocabulary.number(word) for word in ("sugar", "of", "state")]
    # no shorter than they were: all of their inner products stay
    vectors = torch.tensor([[1.0, 0, 0, 0], [0, 2, 0, 0], [0, 0, 0, -0.4]])
    gram = vectors @ vectors.T / vectors.square().sum(-1).mean()
    torch.testing.assert_close(model.bag.words.vectors[rows] @ model.bag.words.vectors[rows].T, gram)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a 1 2\nb 3\n", r"line 2: has 2 parts, .* a word and 2 numbers"),
        ("2 3\na 1 2\n", r"line 2: has 3 parts, .* 3 numbers are expected by the first line"),
        ("a 1 2\nb 1 x\n", r"line 2: could not convert"),
        ("a 1 nan\n", "line 1: has a number that is not finite"),
        ("2 3\n", "has no vector of a word"),
        ("", "has no vector of a word"),
    ],
)
def test_broken_files(tmp_path, text, message):
    path = tmp_path / "broken.txt"
    path.write_text(text)
    with pytest.raises(ValueError, match=r"broken\.txt.*" + message):
        read_vectors(path)


def test_bad_arguments(path, tmp_path):
    with pytest.raises(ValueError, match="dimension='pad' is unknown"):
        load_into(make().bag, path, dimension="pad")
    with pytest.raises(ValueError, match="trainable='no'"):
        load_into(make().bag, path, trainable="no")
    with pytest.raises(OSError, match="nowhere"):
        read_vectors(tmp_path / "nowhere.txt")
