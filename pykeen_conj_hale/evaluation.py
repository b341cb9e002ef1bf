r"""Filtered ranking at the speed of the model's scores.

PyKEEN's :class:`pykeen.evaluation.RankBasedEvaluator` looks for the known answers of a query among all known triples,
and marks them in the scores; both take longer than the matrix product that made the scores. Here known triples are
sorted once, and with :math:`K` the known answers of a query but the true one

.. math::
    \mathrm{rank} = 1 + |\{e : s_e > s_t\}| - |\{e \in K : s_e > s_t\}|

for the optimistic rank, likewise with :math:`\ge` for the pessimistic one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.evaluation import MetricResults, RankBasedEvaluator
from pykeen.evaluation.ranks import Ranks
from pykeen.models import Model
from pykeen.typing import Target
from torch import Tensor
from tqdm.auto import tqdm

from .nn import NonFiniteScoreError
from .pykeen_internals import count_entities

__all__ = ["IndexedRankBasedEvaluator", "default_batch_size"]

#: Scores of one batch: on a CPU they should stay in the cache while they are compared
_BATCH_SCORES = {"cpu": 2**21}
_BATCH_SCORES_ACCELERATOR = 2**27


def default_batch_size(num_entities: int, device: torch.device) -> int:
    """Choose the number of queries whose scores are compared at once.

    :param num_entities: the number of entities
    :param device: the device of the scores
    :return: a number ≥ 1
    """
    return max(1, _BATCH_SCORES.get(device.type, _BATCH_SCORES_ACCELERATOR) // num_entities)


class IndexedRankBasedEvaluator(RankBasedEvaluator):
    """A rank-based evaluator with an index of the known triples.

    Its results are those of :class:`pykeen.evaluation.RankBasedEvaluator`, which it is one of, with the same arguments.
    It works with every model of PyKEEN, chooses its batch size on every device, and refuses NaN instead of ranking it.
    """

    def evaluate(  # type: ignore[override]
        self,
        model: Model,
        mapped_triples: Tensor,
        *,
        additional_filter_triples: Tensor | list[Tensor] | None = None,
        restrict_entities_to: Collection[int] | None = None,
        **kwargs: Any,
    ) -> MetricResults[Any]:
        """Evaluate a model; see :meth:`pykeen.evaluation.Evaluator.evaluate`.

        :param model: the model
        :param mapped_triples: shape: ``(num_triples, 3)``, the triples to rank
        :param additional_filter_triples: shape: ``(num_triples, 3)``, or a list of such; further known triples
        :param restrict_entities_to: not supported
        :param kwargs: further arguments
        :return: the results
        :raises ValueError: if there are no triples, or restrict_entities_to is given
        :raises NonFiniteScoreError: if the model predicts NaN
        """
        if restrict_entities_to is not None:
            raise ValueError(
                'restrict_entities_to is not supported by the evaluator "IndexedRankBased"; use PyKEEN\'s "RankBased".'
            )
        if not len(mapped_triples):
            raise ValueError("mapped_triples is empty: there is nothing to evaluate.")
        if isinstance(additional_filter_triples, Tensor):
            additional_filter_triples = [additional_filter_triples]
        self._known = [mapped_triples, *(additional_filter_triples or [])] if self.filtered else []
        if additional_filter_triples:
            # not handed on: PyKEEN would compare triples one by one to find duplicates
            additional_filter_triples = [mapped_triples[:0]]
        try:
            return super().evaluate(
                model, mapped_triples, additional_filter_triples=additional_filter_triples, **kwargs
            )
        finally:
            del self._known

    def _evaluate_on_device(  # type: ignore[override]
        self,
        model: Model,
        mapped_triples: Tensor,
        batch_size: int | None,
        slice_size: int | None,
        device: torch.device,
        targets: Collection[Target],
        tqdm_kwargs: Mapping[str, Any],
        **kwargs: Any,
    ) -> MetricResults[Any]:
        """Rank the triples on a device."""
        model.eval()
        model = model.to(device)
        self.num_entities = count_entities(model, self.mode)
        size = batch_size or default_batch_size(self.num_entities, device)
        triples = mapped_triples.to(device)
        known = {target: self._index(target, triples) for target in targets}
        self.clear()
        ranks: dict[Target, list[Ranks]] = {target: [] for target in targets}
        with tqdm(desc=f"Evaluating on {device}", total=len(triples), unit="triple", **tqdm_kwargs) as progress:
            for start in range(0, len(triples), size):
                batch = triples[start : start + size]
                for target in targets:
                    scores = model.predict(hrt_batch=batch, target=target, slice_size=slice_size, mode=self.mode)
                    answers = known[target].batch(start, start + len(batch))
                    ranks[target].append(_rank(scores, batch[:, TARGET_TO_INDEX[target]], answers))
                progress.update(len(batch))
        for target, batches in ranks.items():
            self._append(target, batches)
        return self.finalize()

    def _index(self, target: Target, triples: Tensor) -> _KnownAnswers:
        if not self._known:
            return _KnownAnswers(triples.new_empty(0), [0] * (len(triples) + 1))
        return _KnownAnswers.of(triples, torch.cat([x.to(triples.device) for x in self._known]), target)

    def _append(self, target: Target, batches: list[Ranks]) -> None:
        """Store ranks where PyKEEN's evaluator takes them from; the device is waited for once."""
        for batch in batches:
            for rank_type, rank in batch.items():
                self.ranks[target, rank_type].append(rank.cpu().numpy())
            self.num_candidates[target].append(batch.number_of_options.cpu().numpy())


class _Batch(NamedTuple):
    """The known answers of a batch of queries."""

    #: shape: ``(num_answers,)``, the row of the query
    rows: Tensor
    #: shape: ``(num_answers,)``, the id of the answer
    answers: Tensor


class _KnownAnswers:
    """The known answers of queries, one query after the other.

    :param answers: shape: ``(num_answers,)``, the ids
    :param offsets: where the answers of each query start, and the end of all
    """

    def __init__(self, answers: Tensor, offsets: list[int]) -> None:
        self.answers, self.offsets = answers, offsets

    @classmethod
    def of(cls, triples: Tensor, known: Tensor, target: Target) -> _KnownAnswers:
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

    def batch(self, start: int, stop: int) -> _Batch:
        """Get the answers of a range of queries."""
        offsets = self.offsets[start : stop + 1]
        counts = torch.tensor(offsets).diff().to(self.answers.device, non_blocking=True)
        rows = torch.arange(stop - start, device=self.answers.device)
        rows = rows.repeat_interleave(counts, output_size=offsets[-1] - offsets[0])
        return _Batch(rows, self.answers[offsets[0] : offsets[-1]])


def _rank(scores: Tensor, true: Tensor, known: _Batch) -> Ranks:
    """Rank the true answers of a batch of queries.

    :param scores: shape: ``(batch_size, num_entities)``
    :param true: shape: ``(batch_size,)``, the ids of the true answers
    :param known: the known answers, the true ones among them, if the ranks are filtered
    :return: the ranks
    """
    true_score = scores.gather(dim=1, index=true.unsqueeze(dim=-1))
    # one pass instead of a mask; infinite scores may be meant, and their sum may be NaN as well
    if scores.sum().isnan() and scores.isnan().any():
        raise NonFiniteScoreError("The model predicts NaN, which cannot be ranked. A smaller learning rate may help.")
    num_known = torch.zeros_like(true).index_add_(0, known.rows, torch.ones_like(known.rows))
    known_score, threshold = scores[known.rows, known.answers], true_score[known.rows, 0]
    optimistic = _count(torch.gt, scores, true_score)
    optimistic.index_add_(0, known.rows, (known_score > threshold).long(), alpha=-1).add_(1)
    pessimistic = _count(torch.ge, scores, true_score)
    pessimistic.index_add_(0, known.rows, (known_score >= threshold).long(), alpha=-1)
    # with filtering, the true answer has been taken out as well
    taken_out = num_known.clamp(max=1)
    return Ranks(
        optimistic=optimistic,
        pessimistic=pessimistic.add_(taken_out),
        realistic=(optimistic + pessimistic).float() * 0.5,
        number_of_options=scores.shape[1] - num_known + taken_out,
    )


def _count(compare: Any, scores: Tensor, threshold: Tensor) -> Tensor:
    """Count the scores of each row which compare with its threshold."""
    total = torch.zeros_like(threshold[:, 0], dtype=torch.long)
    # written as numbers, whose sums are quicker than those of booleans; so few are counted exactly in single precision
    for part in scores.split(2**22, dim=1):  # type: ignore[no-untyped-call]
        total += compare(part, threshold, out=torch.empty_like(part, dtype=torch.float32)).sum(dim=1).long()
    return total
