"""Counting a corpus: which words there are, and which of them occur together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from tqdm.auto import tqdm

from .coding import DESCRIBES, END, CodedCorpus
from .documents import DocumentLike, as_documents
from .mentions import Ambiguity, by_normal_label, find_surfaces
from .pairs import PairCounter
from .tokens import Codes, Tokenizer

__all__ = ["Context", "Counts", "count_documents"]

#: Which neighbours of a word are its context
Context: TypeAlias = Literal["symmetric", "left", "right"]


class Counts(NamedTuple):
    """What is counted of a corpus; see :class:`~pykeen_conj_hale.text.Cooccurrence`."""

    entities: list[str]
    words: list[str]
    counts: Codes
    matrix: Any
    settings: dict[str, Any]


def count_documents(
    documents: Iterable[DocumentLike],
    entities: Mapping[str, str | Iterable[str]],
    *,
    window: int,
    context: Context,
    min_count: int,
    max_vocab: int | None,
    description_weight: float,
    ambiguous: Ambiguity,
    tokenizer: Tokenizer,
    use_tqdm: bool,
) -> Counts:
    """Count documents; see :meth:`~pykeen_conj_hale.text.Cooccurrence.from_documents` for the parameters.

    :return: tokens, their counts, the matrix of pairs, and how it was counted
    :raises ValueError: if there is nothing to count
    """
    mentions = by_normal_label(entities)
    surfaces, num_ambiguous = find_surfaces(mentions, tokenizer, ambiguous)
    with CodedCorpus(sorted(mentions), surfaces, tokenizer) as corpus:
        corpus.read(tqdm(as_documents(documents), "Reading", unit=" documents", unit_scale=True, disable=not use_tqdm))
        if not corpus.num_words:
            raise ValueError(f"documents is empty: {corpus.num_documents} documents without a single word.")
        words, tokens = _choose_words(corpus, min_count, max_vocab)
        counter = _count_pairs(corpus, tokens, window, use_tqdm)
    matrix = _make_matrix(counter, context, description_weight)
    if not matrix.nnz:
        raise ValueError(
            f"No two of the {int(tokens.max()) + 1} words and entities that are left of {corpus.num_words} words occur "
            "together; a smaller min_count, a larger max_vocab or longer documents would do."
        )
    known = tokens >= 0
    counts = np.zeros(counter.num_tokens, dtype=np.int64)
    counts[tokens[known]] = corpus.counts[known]
    labels = [label for label, code in corpus.entity_codes.items() if tokens[code] >= 0]
    settings = dict(
        window=window,
        context=context,
        min_count=min_count,
        max_vocab=max_vocab,
        description_weight=float(description_weight),
        ambiguous=ambiguous,
        tokenizer=f"{tokenizer.__module__}.{getattr(tokenizer, '__qualname__', type(tokenizer).__name__)}",
        num_documents=corpus.num_documents,
        num_words=corpus.num_words,
        num_mentions=len(surfaces),
        num_ambiguous_mentions=num_ambiguous,
    )
    return Counts(labels, words, counts, matrix, settings)


def _choose_words(corpus: CodedCorpus, min_count: int, max_vocab: int | None) -> tuple[list[str], Codes]:
    """Choose the words, and number the tokens: entities that occur or are described, then words.

    :return: the words; the token of each code, -1 for none
    """
    counts = corpus.counts
    num_entities = len(corpus.entity_codes)
    frequent = [
        (-int(counts[code]), word, code) for word, code in corpus.word_codes.items() if counts[code] >= min_count
    ]
    chosen = sorted(frequent)[:max_vocab]
    used = counts[:num_entities] > 0
    used[list(corpus.described)] = True
    tokens = np.full(len(counts), -1, dtype=np.int64)
    tokens[:num_entities][used] = np.arange(used.sum())
    tokens[[code for *_, code in chosen]] = used.sum() + np.arange(len(chosen))
    return [word for _, word, _ in chosen], tokens


def _count_pairs(corpus: CodedCorpus, tokens: Codes, window: int, use_tqdm: bool) -> PairCounter:
    """Count the pairs of all documents."""
    # no distance is larger than a block: a window beyond it would only need memory
    counter = PairCounter(int(tokens.max()) + 1, min(window, corpus.largest_block))
    blocks = tqdm(corpus.blocks(), "Counting", total=corpus.num_blocks, unit=" blocks", disable=not use_tqdm)
    for codes in blocks:
        document = np.cumsum(codes == END) - (codes == END)
        described = np.full(document[-1] + 1, -1, dtype=np.int64)
        marks = codes <= DESCRIBES
        described[document[marks]] = tokens[DESCRIBES - codes[marks]]
        block = np.where(codes >= 0, tokens[codes.clip(min=0)], -1)
        keep = block >= 0
        counter.add(block[keep], document[keep], described[document[keep]])
    return counter


def _make_matrix(counter: PairCounter, context: Context, description_weight: float) -> Any:
    """Add up the counts of neighbours in the context and of words in descriptions."""
    # the sums are done: from here on, half the memory
    right = counter.right().astype(np.float32)
    matrix = right + right.T if context == "symmetric" else right.T if context == "left" else right
    del right
    if description_weight:
        matrix = matrix + (description_weight * counter.described()).astype(np.float32)
    return matrix
