"""Word vectors: the result of joint training."""

from __future__ import annotations

import itertools
import json
import os
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from ..checks import check_choice, check_whole
from ..extras import check_metadata, import_safetensors
from ..files import replacing
from ..normal_form import normalize

__all__ = ["ENTITY_PREFIX", "Neighbour", "WordVectors"]

Kind: TypeAlias = Literal["entity", "word"]
Metric: TypeAlias = Literal["cosine", "euclidean"]

#: Stands before an entity in a file, to tell it from a word of the same letters
ENTITY_PREFIX = "ENTITY/"


class Neighbour(NamedTuple):
    """A token that is close to another."""

    token: str
    kind: Kind
    #: cosine similarity, or Euclidean distance
    value: float


class WordVectors:
    """The vectors of entities and words, in one space.

    :param entities: the labels of entities
    :param words: the words
    :param vectors: shape: ``(num_entities + num_words, d)``
    :raises ValueError: if there are more or fewer vectors than tokens
    """

    def __init__(self, entities: Sequence[str], words: Sequence[str], vectors: npt.NDArray[np.floating[Any]]) -> None:
        for name, tokens in {"entities": entities, "words": words}.items():
            if (
                isinstance(tokens, str)
                or not isinstance(tokens, Sequence)
                or not all(isinstance(x, str) for x in tokens)
            ):
                raise ValueError(f"{name}={tokens!r} is not allowed: it must be a list of texts.")
        if not isinstance(vectors, np.ndarray) or not np.issubdtype(vectors.dtype, np.floating):
            raise ValueError(f"vectors={vectors!r} is not allowed: it must be an array of floating point numbers.")
        self.entities, self.words, self.vectors = list(entities), list(words), vectors
        if vectors.ndim != 2 or len(vectors) != len(self.entities) + len(self.words):
            raise ValueError(
                f"vectors has the shape {vectors.shape}: {len(self.entities)} entities and {len(self.words)} words "
                f"need {len(self.entities) + len(self.words)} rows."
            )
        self._rows: dict[Kind, dict[str, int]] = {
            "entity": {label: row for row, label in enumerate(self.entities)},
            "word": {word: row for row, word in enumerate(self.words, start=len(self.entities))},
        }

    def __len__(self) -> int:
        return len(self.vectors)

    def __contains__(self, token: str) -> bool:
        return any(text in rows for rows in self._rows.values() for text in (token, normalize(token)))

    def row(self, token: str, kind: Kind | None = None) -> int:
        """Find the row of a token.

        :param token: the label of an entity, or a word, as it is or in Unicode's normal form C, which words have
        :param kind: ``"entity"`` or ``"word"``; None for the word, or else the entity
        :return: the row
        :raises KeyError: if there is no such token
        """
        if kind is not None:
            check_choice("kind", kind, self._rows)
        names: Sequence[Kind] = ("word", "entity") if kind is None else (kind,)
        for name, text in itertools.product(names, (token, normalize(token))):
            if text in self._rows[name]:
                return self._rows[name][text]
        raise KeyError(f"There is no {kind or 'word or entity'} {token!r}.")

    def __getitem__(self, token: str) -> npt.NDArray[np.floating[Any]]:
        vector: npt.NDArray[np.floating[Any]] = self.vectors[self.row(token)]
        return vector

    def nearest(
        self,
        token: str | npt.NDArray[np.floating[Any]] | Sequence[float],
        k: int = 10,
        *,
        kind: Kind | None = None,
        among: Kind | None = None,
        metric: Metric = "cosine",
    ) -> list[Neighbour]:
        """Find the nearest words and entities.

        :param token: the label of an entity, or a word, which is left out of the result; or a vector of numbers
        :param k: the number of neighbours, ≥ 1
        :param kind: what the token is; None for the word, or else the entity
        :param among: whether to look among entities or words only
        :param metric: ``"cosine"`` similarity or ``"euclidean"`` distance
        :return: the neighbours, the nearest first
        :raises KeyError: if there is no such token
        :raises ValueError: if another argument is not allowed
        """
        check_whole("k", k)
        check_choice("metric", metric, ("cosine", "euclidean"))
        vector = np.asarray(self.vectors[self.row(token, kind)] if isinstance(token, str) else token)
        if vector.shape != self.vectors.shape[1:] or not np.issubdtype(vector.dtype, np.number):
            raise ValueError(f"token={token!r} is not allowed: it must be a text, or {self.vectors.shape[1]} numbers.")
        if metric == "cosine":
            norms = np.linalg.norm(self.vectors, axis=-1) * np.linalg.norm(vector)
            values = self.vectors @ vector / np.maximum(norms, np.finfo(self.vectors.dtype).tiny)
            order = np.argsort(-values, kind="stable")
        else:
            values = np.linalg.norm(self.vectors - vector, axis=-1)
            order = np.argsort(values, kind="stable")
        if among is not None:
            check_choice("among", among, self._rows)
            order = order[(order < len(self.entities)) == (among == "entity")]
        if isinstance(token, str):
            order = order[order != self.row(token, kind)]
        return [Neighbour(*self._name(row), float(values[row])) for row in order[:k].tolist()]

    def _name(self, row: int) -> tuple[str, Kind]:
        n = len(self.entities)
        return (self.entities[row], "entity") if row < n else (self.words[row - n], "word")

    def _file_tokens(self, prefix: str) -> list[str]:
        return [prefix + label for label in self.entities] + self.words

    def save_word2vec(self, path: str | os.PathLike[str], entity_prefix: str = ENTITY_PREFIX) -> None:
        """Write word2vec's text format: a line with the numbers of vectors and dimensions, then one line per token.

        White space inside a token becomes an underscore.

        :param path: the file, which is replaced in one step
        :param entity_prefix: what stands before the labels of entities
        :raises ValueError: if two tokens would be the same in the file, or one would be empty
        """
        tokens = ["_".join(token.split()) for token in self._file_tokens(entity_prefix)]
        if twice := sorted(token for token, count in Counter(tokens).items() if count > 1)[:5]:
            n = len(self.entities)
            remedy = "another entity_prefix may help"
            if not {*tokens[:n]} & {*tokens[n:]}:
                remedy = "white space becomes an underscore there; save_safetensors keeps them apart"
            raise ValueError(f"Some tokens would be the same in the file: {twice}; {remedy}.")
        if "" in tokens:
            raise ValueError("A token is of white space only: in the file it would be empty, and all columns shifted.")
        with replacing(path) as file:
            file.write(f"{len(tokens)} {self.vectors.shape[1]}\n".encode())
            for token, vector in zip(tokens, self.vectors, strict=True):
                file.write(f"{token} {' '.join(map(repr, vector.tolist()))}\n".encode())

    def save_safetensors(self, path: str | os.PathLike[str]) -> None:
        """Write a safetensors file: the tensor ``vectors``, and in the metadata ``entities`` and ``words`` as JSON.

        :param path: the file, which is replaced in one step
        :raises ValueError: if the format has no place for so many tokens
        :raises ImportError: if safetensors is not installed
        """
        library = import_safetensors()
        names = {"entities": self.entities, "words": self.words}
        metadata = {name: json.dumps(tokens, ensure_ascii=False) for name, tokens in names.items()}
        check_metadata(metadata)
        with replacing(path) as file:
            file.write(library.numpy.save({"vectors": np.ascontiguousarray(self.vectors)}, metadata=metadata))

    @classmethod
    def load_safetensors(cls, path: str | os.PathLike[str]) -> WordVectors:
        """Read a file that :meth:`save_safetensors` wrote.

        :param path: the file
        :return: the vectors
        :raises OSError: if the file cannot be read
        :raises ValueError: if it is no such file, or damaged
        :raises ImportError: if safetensors is not installed
        """
        library = import_safetensors()
        try:
            with library.safe_open(path, framework="numpy") as file:
                metadata = file.metadata()
                return cls(json.loads(metadata["entities"]), json.loads(metadata["words"]), file.get_tensor("vectors"))
        except OSError:
            raise
        except Exception as error:  # the library's own class is of no module that is typed
            raise ValueError(
                f"path={os.fspath(path)!r} has no word vectors with their tokens, as save_safetensors writes them, or "
                "is damaged."
            ) from error
