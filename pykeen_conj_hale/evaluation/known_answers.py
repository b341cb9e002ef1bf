"""The known answers of queries, from an index of the known triples."""

from __future__ import annotations

from typing import NamedTuple

import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.typing import Target
from torch import Tensor

__all__ = ["KnownAnswers", "KnownBatch"]


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
    def of(cls, triples: Tensor, known: Tensor, target: Target) -> KnownAnswers:
        """Look up the answers of the queries of triples.

        :param triples: shape: ``(num_triples, 3)``
        :param known: shape: ``(num_known, 3)``, with duplicates
        :param target: what is asked for
        :return: their known answers
        """
        column = TARGET_TO_INDEX[target]
        other = 2 - column
        num_entities, num_relations = known[:, (0, 2)].max() + 1, known[:, 1].max() + 1
        key = ((known[:, other] * num_relations + known[:, 1]) * num_entities + known[:, column]).unique()  # type: ignore[no-untyped-call]
        query = triples[:, other] * num_relations + triples[:, 1]
        first = torch.searchsorted(key, query * num_entities)
        count = torch.searchsorted(key, (query + 1) * num_entities) - first
        offsets = torch.cat([count.new_zeros(1), count.cumsum(dim=0)])
        position = torch.arange(int(offsets[-1]), device=key.device)
        position += (first - offsets[:-1]).repeat_interleave(count)
        return cls(key[position] % num_entities, offsets.tolist())

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
