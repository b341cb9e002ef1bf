"""Remove answers from descriptions: a gloss often mentions the very entity that a test triple asks for."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ...normal_form import normalize
from .documents import Document
from .mentions import by_normal_label
from .tokens import Tokenizer, tokenize

__all__ = ["remove_overlap"]

logger = logging.getLogger(__name__)


def remove_overlap(
    documents: Iterable[Document],
    mentions: Mapping[str, str | Iterable[str]],
    triples: Iterable[Sequence[str]],
    tokenizer: Tokenizer = tokenize,
) -> Iterator[Document]:
    """Remove from each description the mentions of entities that a held-out triple connects its entity with.

    For each triple (head, relation, tail), the mentions of the tail are removed from the descriptions of the head, and
    those of the head from the descriptions of the tail; longer ones first. Documents of no entity stay as they are. At
    the end, the log says how many words and descriptions changed, and warns if none did in spite of triples.

    :param documents: the documents, which are read as the result is
    :param mentions: the mentions of each entity, by its label
    :param triples: the held-out triples, by their labels; they are read at once
    :param tokenizer: splits a text into words; words joined by spaces must be split into the same words
    :return: the documents
    """
    hidden: dict[str, set[tuple[str, ...]]] = {}
    known = by_normal_label(mentions)
    for head, _, tail in triples:
        for entity, other in ((normalize(head), normalize(tail)), (normalize(tail), normalize(head))):
            surfaces = {tuple(tokenizer(mention)) for mention in known.get(other, ())}
            hidden.setdefault(entity, set()).update(surfaces - {()})
    return _hide(documents, hidden, tokenizer)


def _hide(
    documents: Iterable[Document], hidden: Mapping[str, set[tuple[str, ...]]], tokenizer: Tokenizer
) -> Iterator[Document]:
    """Remove from the description of each entity what is to be hidden there, and say how much it was."""
    touched = removed = 0
    for document in documents:
        surfaces = hidden.get(normalize(document.entity), set()) if document.entity is not None else set()
        if surfaces:
            words = list(tokenizer(document.text))
            rest = _remove_all(words, sorted(surfaces, key=lambda surface: (-len(surface), surface)))
            if len(rest) < len(words):
                touched, removed = touched + 1, removed + len(words) - len(rest)
                document = Document(" ".join(rest), document.entity)
        yield document
    if hidden and not removed:
        logger.warning(
            "No description names an entity of a held-out triple, and nothing was removed: are entities called the "
            "same in triples, descriptions and mentions?"
        )
    elif hidden:
        logger.info(
            "Removed %d words from %d descriptions that named an entity of a held-out triple.", removed, touched
        )


def _remove_all(words: Sequence[str], surfaces: Sequence[tuple[str, ...]]) -> list[str]:
    """Remove sequences of words, and those that the removal makes: "new [new york] york"."""
    while len(rest := _remove(words, surfaces)) < len(words):
        words = rest
    return rest


def _remove(words: Sequence[str], surfaces: Sequence[tuple[str, ...]]) -> list[str]:
    """Remove sequences of words."""
    rest, at = [], 0
    while at < len(words):
        length = next((len(surface) for surface in surfaces if tuple(words[at : at + len(surface)]) == surface), 0)
        if not length:
            rest.append(words[at])
        at += length or 1
    return rest
