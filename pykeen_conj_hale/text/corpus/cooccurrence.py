"""Which words and entities occur together in a corpus, and how often."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy.sparse

from ...checks import check_bool, check_choice, check_number, check_path, check_whole
from .counting import Context, count_documents
from .documents import DocumentLike
from .fingerprint import fingerprint_of
from .mentions import Ambiguity
from .storage import load_arrays, save_arrays
from .tokens import Tokenizer, check_tokenizer, tokenize

__all__ = ["Cooccurrence"]

#: The version of the files
FORMAT = 1


class Cooccurrence:
    r"""How often words and entities occur together.

    .. math::
        X_{ij} = \sum_{\text{occurrences of } i, j \text{ in a document, at distance } k \le w} \frac{1}{k}
        + \delta \cdot \#\{j \text{ in the descriptions of entity } i\}

    The tokens are the entities that occur, in the order of their labels, and then the words, the most frequent first.
    Words which the vocabulary leaves out are removed before distances are counted, as in GloVe's own code. The second
    part counts descriptions, whatever the distance; it has rows of entities only: an entity is a context of words where
    it is mentioned, not where it is described.

    Counts by distance are those of GloVe (Pennington et al., 2014, https://aclanthology.org/D14-1162/).
    """

    def __init__(
        self,
        entities: Sequence[str],
        words: Sequence[str],
        counts: npt.NDArray[np.int64],
        matrix: Any,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        """Take what is counted.

        :param entities: the labels of the entities, tokens 0 to n - 1
        :param words: the words, the tokens after them
        :param counts: shape: ``(num_tokens,)``, how often each token occurs
        :param matrix: shape: ``(num_tokens, num_tokens)``, sparse, the counts > 0 of pairs
        :param settings: how it was counted
        :raises ValueError: if the shapes do not fit, or there is no pair
        """
        self.entities, self.words, self.counts = list(entities), list(words), np.asarray(counts, dtype=np.int64)
        self.matrix = scipy.sparse.csr_array(matrix, dtype=np.float32)
        self.matrix.sum_duplicates()
        self.settings = dict(settings or {})
        size = len(self.entities) + len(self.words)
        if self.matrix.shape != (size, size) or self.counts.shape != (size,):
            raise ValueError(
                f"{len(self.entities)} entities and {len(self.words)} words need a matrix of shape {(size, size)} and "
                f"{size} counts, not {self.matrix.shape} and {self.counts.shape}."
            )
        if not self.matrix.nnz or not (np.isfinite(self.matrix.data).all() and (self.matrix.data > 0).all()):
            raise ValueError("The counts of pairs must be finite and > 0, and there must be one at least.")

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[DocumentLike],
        entities: Mapping[str, str | Iterable[str]] | None = None,
        *,
        window: int = 10,
        context: Context = "symmetric",
        min_count: int = 5,
        max_vocab: int | None = None,
        description_weight: float = 10.0,
        ambiguous: Ambiguity = "drop",
        tokenizer: Tokenizer = tokenize,
        use_tqdm: bool = True,
    ) -> Cooccurrence:
        r"""Count a corpus. It is read once, and need not fit into the memory.

        :param documents: texts; paths of files with one document per line, in UTF-8, also gzipped; or
            :class:`~pykeen_conj_hale.text.Document` of a text and the entity which it describes
        :param entities: the mentions of each entity, by the entity's label in the knowledge graph; an entity that is
            only described needs none. Mentions become one token, from left to right and the longest first
        :param window: the largest distance of a pair, ≥ 1
        :param context: ``"symmetric"``, or the words to the ``"left"`` or ``"right"`` of a word only
        :param min_count: how often a word has to occur; entities are kept however rare they are
        :param max_vocab: the number of words to keep, the most frequent ones; None for all
        :param description_weight: the count δ of a word of an entity's description, ≥ 0
        :param ambiguous: how to read a mention of several entities: ``"drop"`` (its words stay words) or ``"first"``
            (it is the entity that comes first)
        :param tokenizer: splits a text into words; the settings keep its name
        :param use_tqdm: whether to show a progress bar
        :return: the co-occurrences
        :raises ValueError: if an argument is out of its range, a file is not UTF-8, a description's entity is unknown,
            or the corpus is empty
        """
        check_choice("context", context, ("symmetric", "left", "right"))
        check_choice("ambiguous", ambiguous, ("drop", "first"))
        # plain numbers from here on, which a file can hold: not NumPy's
        window, min_count = check_whole("window", window), check_whole("min_count", min_count)
        if max_vocab is not None:
            max_vocab = check_whole("max_vocab", max_vocab)
        description_weight = check_number("description_weight", description_weight, minimum=0)
        check_bool("use_tqdm", use_tqdm)
        check_tokenizer(tokenizer)
        if not isinstance(entities, Mapping | None):
            raise ValueError(f"entities={entities!r} is not allowed: it must be a mapping of labels to mentions.")
        counts = count_documents(
            documents,
            dict(entities or {}),
            window=window,
            context=context,
            min_count=min_count,
            max_vocab=max_vocab,
            description_weight=description_weight,
            ambiguous=ambiguous,
            tokenizer=tokenizer,
            use_tqdm=use_tqdm,
        )
        return cls(*counts)

    @property
    def num_entities(self) -> int:
        """The number of entities that occur."""
        return len(self.entities)

    @property
    def tokens(self) -> list[str]:
        """The labels of entities, then the words."""
        return self.entities + self.words

    def fingerprint(self) -> str:
        """Compute a short text that changes with the tokens and with the counts."""
        tokens = "\0".join([str(self.num_entities), *self.tokens]).encode()
        arrays = (self.matrix.indptr.astype(np.int64), self.matrix.indices.astype(np.int64), self.matrix.data)
        return fingerprint_of(tokens, *(values.tobytes() for values in arrays))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write an npz file: the same content always gives the same bytes.

        :param path: the file, which is replaced in one step
        """
        header = dict(format=FORMAT, settings=self.settings, entities=self.entities, words=self.words)
        arrays = {
            "counts": self.counts.astype("<i8"),
            "data": self.matrix.data.astype("<f4"),
            "indices": self.matrix.indices.astype("<i4"),
            "indptr": self.matrix.indptr.astype("<i8"),
        }
        save_arrays(path, header, arrays)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Cooccurrence:
        """Read a file that :meth:`save` wrote.

        :param path: the file
        :return: the co-occurrences
        :raises FileNotFoundError: if there is no such file
        :raises ValueError: if it is no such file, damaged, or of another version
        """
        header, arrays = load_arrays(check_path("path", path))
        if not isinstance(header, dict) or header.get("format") != FORMAT:
            version = header.get("format") if isinstance(header, dict) else None
            raise ValueError(
                f"{os.fspath(path)!r} has the format {version!r}, and this version reads {FORMAT}; count the corpus "
                "anew."
            )
        try:
            size = len(header["entities"]) + len(header["words"])
            parts = (arrays["data"], arrays["indices"], arrays["indptr"])
            matrix = scipy.sparse.csr_array(parts, shape=(size, size))
            return cls(header["entities"], header["words"], arrays["counts"], matrix, header["settings"])
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise ValueError(
                f"{os.fspath(path)!r} is damaged, or another program wrote it: what it holds does not fit together; "
                "count the corpus anew."
            ) from error

    def __repr__(self) -> str:
        return f"Cooccurrence({len(self.entities)} entities, {len(self.words)} words, {self.matrix.nnz} pairs)"
