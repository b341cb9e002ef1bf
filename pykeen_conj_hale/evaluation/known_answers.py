"""The known answers of queries, from an index of the known triples."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.typing import Target
from torch import Tensor

__all__ = ["KnownAnswers", "KnownBatch"]

#: Known triples that are looked at at once
_BLOCK_ROWS: Final = 2**22


class KnownBatch(NamedTuple):
    """The known answers of a batch of queries."""

    #: shape: ``(num_answers,)``, the row of the query
    rows: Tensor
    #: shape: ``(num_answers,)``, the id of the answer
    answers: Tensor


class KnownAnswers:
    """The known answers of queries, one query after the other.

    :param answers: shape: ``(num_answers,)``, the ids
    :param offsets: where the answers of each query start, and the end of all
    """

    def __init__(self, answers: Tensor, offsets: list[int]) -> None:
        self.answers, self.offsets = answers, offsets

    @classmethod
    def of(cls, triples: Tensor, known: Sequence[Tensor], target: Target, places: Tensor | None = None) -> KnownAnswers:
        """Look up the answers of the queries of triples.

        Known triples are gone through block by block: memory is needed for the answers of these queries only.

        :param triples: shape: ``(num_triples, 3)``, one at least
        :param known: known triples, with duplicates, each of shape: ``(num_known, 3)``
        :param target: what is asked for
        :param places: shape: ``(num_entities,)``, the number that stands for each entity in the place of its id, below
            0 where it is no candidate
        :return: their known answers, those of a query in the order of their ids
        """
        column = TARGET_TO_INDEX[target]
        queries, query = _keys(triples, column).unique(return_inverse=True)  # type: ignore[no-untyped-call]
        blocks = (block for part in known for block in part.split(_BLOCK_ROWS))  # type: ignore[no-untyped-call]
        found = [_answers_of(queries, block, column) for block in blocks]
        place, answer = (torch.cat(parts) for parts in zip(*found, strict=True))
        if places is not None:
            answer = places[answer]
            place, answer = place[answer >= 0], answer[answer >= 0]
        num_entities = answer.max() + 1 if len(answer) else 1
        pair = (place * num_entities + answer).unique()  # type: ignore[no-untyped-call]
        first = torch.searchsorted(pair, query * num_entities)
        count = torch.searchsorted(pair, (query + 1) * num_entities) - first
        offsets = torch.cat([count.new_zeros(1), count.cumsum(dim=0)])
        position = torch.arange(int(offsets[-1]), device=pair.device)
        position += (first - offsets[:-1]).repeat_interleave(count)
        return cls(pair[position] % num_entities, offsets.tolist())

    def batch(self, start: int, stop: int) -> KnownBatch:
        """Get the answers of a range of queries.

        :param start: the first query
        :param stop: the query after the last
        :return: their known answers
        """
        offsets = self.offsets[start : stop + 1]
        counts = torch.tensor(offsets).diff().to(self.answers.device, non_blocking=True)
        rows = torch.arange(stop - start, device=self.answers.device)
        rows = rows.repeat_interleave(counts, output_size=offsets[-1] - offsets[0])
        return KnownBatch(rows, self.answers[offsets[0] : offsets[-1]])


def _keys(triples: Tensor, column: int) -> Tensor:
    """Write each query as one number: its other end, and its relation, which is below 2³¹."""
    return (triples[:, 2 - column].long() << 31) + triples[:, 1]


def _answers_of(queries: Tensor, known: Tensor, column: int) -> tuple[Tensor, Tensor]:
    """Find the known triples that answer queries.

    :param queries: shape: ``(num_queries,)``, ascending keys
    :param known: shape: ``(num_known, 3)``
    :param column: the column of the answers
    :return: the number of the query of each, and its answer
    """
    known = known.to(queries.device)
    keys = _keys(known, column)
    place = torch.searchsorted(queries, keys).clamp_(max=len(queries) - 1)
    is_asked = queries[place] == keys
    return place[is_asked], known[is_asked, column]
