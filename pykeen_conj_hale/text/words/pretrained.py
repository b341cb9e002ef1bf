"""Vectors of words from elsewhere, as a start: files of GloVe and word2vec, and safetensors."""

from __future__ import annotations

import logging
import os
from collections.abc import Container, Iterator
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from ...checks import check_bool, check_choice
from ..corpus.lines import read_lines
from ..vectors import ENTITY_PREFIX, WordVectors
from .bag import WordBag
from .features import START

__all__ = ["Fit", "Loaded", "Pretrained", "load_into", "read_vectors"]

logger = logging.getLogger(__name__)

#: What becomes of vectors of another dimension: an error; or their principal components
Fit: TypeAlias = Literal["error", "project"]
#: How many words a message lists
EXAMPLES: Final = 10


class Pretrained(NamedTuple):
    """Words and their vectors."""

    words: list[str]
    #: shape: ``(n, d)``
    vectors: npt.NDArray[np.float32]


class Loaded(NamedTuple):
    """What :func:`load_into` found."""

    num_found: int
    #: Words of the vocabulary that the file has not, the most frequent ones first
    missing: list[str]


def read_vectors(path: str | os.PathLike[str], wanted: Container[str] | None = None) -> Pretrained:
    """Read vectors of words.

    A text file has a word and its numbers per line, separated by spaces, as GloVe and word2vec write it; a first line
    with the numbers of words and dimensions is left out. A word may have spaces inside: the last d parts of a line are
    its numbers. Of a word that is there twice, the first vector counts. What :meth:`WordVectors.save_word2vec` wrote
    can be read, too; entities in it are no words.

    :param path: a text file in UTF-8, gzipped if it ends in `.gz`; or one of :meth:`WordVectors.save_safetensors`, if
        it ends in `.safetensors`
    :param wanted: the words to keep; all by default
    :return: the words and their vectors
    :raises OSError: if the file cannot be read
    :raises ValueError: if a line is broken (with file and line), or there is no vector
    """
    if Path(path).suffix == ".safetensors":
        stored = WordVectors.load_safetensors(path)
        rows = [(word, stored.vectors[stored.row(word, "word")]) for word in stored.words]
    else:
        rows = list(_read_text(Path(path), wanted))
    kept: dict[str, Any] = {}
    for word, vector in rows:
        if wanted is None or word in wanted:
            kept.setdefault(word, vector)
    if not kept:
        raise ValueError(
            f"{os.fspath(path)}: has no vector of a word that is asked for; give vectors of this language."
        )
    return Pretrained(list(kept), np.asarray(list(kept.values()), dtype=np.float32))


def _read_text(path: Path, wanted: Container[str] | None) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
    dim, promised = 0, None
    for number, line in enumerate(read_lines(path), start=1):
        parts = line.rstrip().split(" ")
        if number == 1 and len(parts) == 2 and all(part.isdecimal() for part in parts):
            dim = promised = int(parts[1])
            continue
        # without a header, the first line says the dimension: its word has no space inside
        dim = dim or len(parts) - 1
        word = " ".join(parts[:-dim]) if 0 < dim < len(parts) else ""
        if not word:
            raise ValueError(
                f"{path}, line {number}: has {len(parts)} parts, separated by spaces, where a word and {dim} numbers "
                f"are expected{' by the first line' if promised else ''}: {line[:60]!r}; mend the line."
            )
        if word.startswith(ENTITY_PREFIX) or (wanted is not None and word not in wanted):
            continue
        yield word, _numbers(path, number, parts[-dim:])


def _numbers(path: Path, number: int, parts: list[str]) -> npt.NDArray[np.float32]:
    try:
        vector = np.array(parts, dtype=np.float32)
    except ValueError as error:
        raise ValueError(
            f"{path}, line {number}: {error}; each number must be one like -0.25; mend the line."
        ) from error
    if not np.isfinite(vector).all():
        raise ValueError(f"{path}, line {number}: has a number that is not finite; mend the line.")
    return vector


@torch.no_grad()
def load_into(
    bag: WordBag, path: str | os.PathLike[str], *, dimension: Fit = "error", trainable: bool = True
) -> Loaded:
    """Let the words of a bag start from vectors of a file, scaled so that they are as long as those drawn at random.

    :param bag: the bag, changed in place; a later :meth:`WordBag.reset_parameters`, as a training makes one, keeps them
    :param path: the file; see :func:`read_vectors`
    :param dimension: what becomes of vectors of another dimension: ``"error"``; or ``"project"``, their principal
        components, filled up with zeros where they are shorter
    :param trainable: whether the vectors of all words are trained further
    :return: how many words were found, and which were not
    :raises ValueError: if an argument is not allowed, or the file is broken, has no word of the vocabulary, or vectors
        of another dimension
    """
    check_choice("dimension", dimension, get_args(Fit))
    check_bool("trainable", trainable)
    words = bag.words
    names = [name for name in bag.vocabulary.names if not name.startswith(START)]
    found = read_vectors(path, wanted=set(names))
    dim = words.vectors.shape[1]
    vectors = torch.from_numpy(found.vectors)
    if vectors.shape[1] != dim:
        if dimension == "error":
            raise ValueError(
                f"{os.fspath(path)}: has vectors of dimension {vectors.shape[1]}, and the words' have {dim}: train "
                "with that dimension, or give dimension='project' (vectors_dimension='project' of TextEntities)."
            )
        vectors = _project(vectors, dim)
    # of length 1 in the mean, as those that are drawn
    vectors = vectors / vectors.square().sum(dim=-1).mean().sqrt().clamp(min=torch.finfo(vectors.dtype).tiny)
    rows = torch.tensor([bag.vocabulary.number(word) for word in found.words])
    words.start_from(rows, vectors.to(words.vectors))
    words.vectors.requires_grad_(trainable)
    known = set(found.words)
    missing = [name for name in names if name not in known]
    logger.info("%d of %d words have a vector in %s; not so: %s …", len(known), len(names), path, missing[:EXAMPLES])
    return Loaded(len(known), missing)


def _project(vectors: Tensor, dim: int) -> Tensor:
    """Keep the principal directions of vectors, about the origin."""
    _, _, directions = torch.linalg.svd(vectors, full_matrices=False)
    projected = vectors @ directions[:dim].T
    return torch.nn.functional.pad(projected, (0, dim - projected.shape[1]))
