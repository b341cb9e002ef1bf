"""Mentions of entities in text: several words become one token."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import numpy as np

from ...normal_form import normalize
from .tokens import Codes, Tokenizer

__all__ = ["Ambiguity", "MentionMatcher", "by_normal_label", "find_surfaces", "replace_mentions"]

logger = logging.getLogger(__name__)

#: A mention of several entities: its words stay words, or it is a mention of the first
Ambiguity: TypeAlias = Literal["drop", "first"]


def by_normal_label(entities: Mapping[str, str | Iterable[str]]) -> dict[str, list[str]]:
    """Collect the mentions of entities whose labels are the same text, in Unicode's normal form C.

    :param entities: the mentions of each entity, by its label; an entity may have none
    :return: the mentions by the normal form of the label
    :raises ValueError: if a label or a mention is no text
    """
    collected: dict[str, list[str]] = {}
    for label, mentions in entities.items():
        surfaces = [mentions] if isinstance(mentions, str) or not isinstance(mentions, Iterable) else list(mentions)
        if not isinstance(label, str) or not all(isinstance(surface, str) for surface in surfaces):
            raise ValueError(f"The entity {label!r} has the mentions {mentions!r}: labels and mentions must be texts.")
        collected.setdefault(normalize(label), []).extend(surfaces)
    return collected


def find_surfaces(
    entities: Mapping[str, str | Iterable[str]],
    tokenize: Tokenizer,
    ambiguous: Ambiguity = "drop",
) -> tuple[dict[tuple[str, ...], str], int]:
    """Tokenize the mentions of entities, and decide what ambiguous mentions mean.

    :param entities: the mentions of each entity, by its label; an entity may have none
    :param tokenize: the tokenizer
    :param ambiguous: for a mention of several entities: ``"drop"`` to leave its words alone, ``"first"`` to take the
        entity that comes first
    :return: the entity of each mention, as a tuple of tokens; the number of ambiguous mentions
    """
    owners: dict[tuple[str, ...], dict[str, None]] = {}
    for entity, mentions in entities.items():
        for mention in [mentions] if isinstance(mentions, str) else mentions:
            if surface := tuple(tokenize(mention)):
                owners.setdefault(surface, {})[entity] = None
    shared = [surface for surface, candidates in owners.items() if len(candidates) > 1]
    if shared:
        rule = "are no mentions" if ambiguous == "drop" else "stand for the entity that comes first"
        examples = ", ".join(repr(" ".join(surface)) for surface in shared[:5])
        logger.info(
            "%d of %d mentions belong to several entities and %s: %s …", len(shared), len(owners), rule, examples
        )
    keep = {surface: next(iter(c)) for surface, c in owners.items() if len(c) == 1 or ambiguous == "first"}
    return keep, len(shared)


class MentionMatcher:
    """Finds the longest mentions in an array of codes, by a trie whose edges are sorted: no loop over the words.

    :param mentions: the code of the entity of each mention, a sequence of the words' codes
    """

    def __init__(self, mentions: Mapping[tuple[int, ...], int]) -> None:
        self.max_length = max(map(len, mentions), default=0)
        self.base = 1 + max((max(mention) for mention in mentions), default=0)
        edges: dict[tuple[int, int], int] = {}
        meaning = [-1]
        for mention, entity in mentions.items():
            node = 0
            for code in mention:
                if (node, code) not in edges:
                    edges[node, code] = len(meaning)
                    meaning.append(-1)
                node = edges[node, code]
            meaning[node] = entity
        keys = np.array([node * self.base + code for node, code in edges], dtype=np.int64)
        order = np.argsort(keys)
        self.keys = keys[order]
        self.targets = np.array(list(edges.values()), dtype=np.int64)[order]
        self.meaning = np.array(meaning, dtype=np.int64)

    def find(self, codes: Codes) -> tuple[Codes, Codes, Codes]:
        """Find, from left to right, the longest mention at each place that no earlier mention covers.

        :param codes: shape: ``(n,)``, the words' codes; negative ones are in no mention
        :return: where each mention begins, its number of words, and its entity's code
        """
        length = np.zeros(len(codes), dtype=np.int64)
        entity = np.zeros(len(codes), dtype=np.int64)
        places, nodes = np.arange(len(codes)), np.zeros(len(codes), dtype=np.int64)
        for depth in range(1, self.max_length + 1):
            here = codes[places + depth - 1]
            known = (here >= 0) & (here < self.base)
            keys = nodes[known] * self.base + here[known]
            at = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
            hit = self.keys[at] == keys
            places, nodes = places[known][hit], self.targets[at[hit]]
            ends = self.meaning[nodes] >= 0
            length[places[ends]], entity[places[ends]] = depth, self.meaning[nodes[ends]]
            inside = places + depth < len(codes)
            places, nodes = places[inside], nodes[inside]
            if not len(places):
                break
        starts = _without_overlap(np.flatnonzero(length), length)
        return starts, length[starts], entity[starts]


def _without_overlap(starts: Codes, length: Codes) -> Codes:
    """Drop each mention that begins inside an earlier one."""
    lengths = length[starts]
    if len(starts) < 2 or (starts[1:] >= (starts + lengths)[:-1]).all():
        return starts
    keep, end = [], 0
    for start, size in zip(starts.tolist(), lengths.tolist(), strict=True):
        if start >= end:
            keep.append(start)
            end = start + size
    return np.array(keep, dtype=np.int64)


def replace_mentions(codes: Codes, matcher: MentionMatcher) -> Codes:
    """Put one code in the place of each mention's words.

    :param codes: shape: ``(n,)``, the words' codes
    :param matcher: the mentions
    :return: shape: ``(m,)``, m ≤ n
    """
    if not matcher.max_length:
        return codes
    starts, lengths, entities = matcher.find(codes)
    result = codes.copy()
    result[starts] = entities
    # the words of a mention after its first: 1, 2, … behind its start
    rest = lengths - 1
    behind = np.arange(rest.sum()) - np.repeat(np.cumsum(rest) - rest, rest) + 1
    keep = np.ones(len(codes), dtype=bool)
    keep[np.repeat(starts, rest) + behind] = False
    return result[keep]
