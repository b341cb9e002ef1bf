"""Filtered ranking at the speed of the model's scores.

PyKEEN's :class:`pykeen.evaluation.RankBasedEvaluator` looks for the known answers of a query among all known triples,
and marks them in the scores. Both take longer than the matrix product that made the scores. Here known triples are
sorted once, and only the scores of known answers are looked at again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import torch
from pykeen.constants import TARGET_TO_INDEX
from pykeen.evaluation import MetricResults, RankBasedEvaluator
from pykeen.evaluation.ranks import Ranks
from pykeen.models import ERModel, Model
from pykeen.typing import Target
from torch import Tensor
from tqdm.auto import tqdm

from ..checks import check_bool, check_targets, check_whole
from ..devices import choose_device
from ..pykeen_internals import count_entities
from .batches import default_batch_size, in_batches
from .known_answers import KnownAnswers, KnownBatch
from .ranking import rank, rank_own
from .restriction import Restriction, check_entities
from .sharded import OwnScores, shards_of

__all__ = ["IndexedRankBasedEvaluator"]


class IndexedRankBasedEvaluator(RankBasedEvaluator):
    """A rank-based evaluator with an index of the known triples.

    It is a :class:`pykeen.evaluation.RankBasedEvaluator` with the same arguments and the same results. It works with
    every model of PyKEEN, chooses its batch size on every device, and refuses NaN instead of ranking it. Where entities
    are sharded, all processes evaluate the same triples together, each among its own entities, with the same results.
    """

    def __init__(self, filtered: bool = True, **kwargs: Any) -> None:
        """Initialize the evaluator.

        :param filtered: whether known triples are left out of the candidates
        :param kwargs: further arguments of :class:`pykeen.evaluation.RankBasedEvaluator`
        :raises ValueError: if filtered is neither True nor False
        """
        super().__init__(filtered=check_bool("filtered", filtered), **kwargs)

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
        :param restrict_entities_to: the ids of the entities to rank among; triples of others are left out
        :param kwargs: further arguments
        :return: the results
        :raises ValueError: if there are no triples, an id is none of an entity, a size is no whole number ≥ 1, or the
            device is unknown
        :raises NonFiniteScoreError: if the model predicts NaN
        """
        for name in ("batch_size", "slice_size"):
            if kwargs.get(name) is not None:
                check_whole(name, kwargs[name])
        if kwargs.get("device") is not None:
            # PyKEEN hands it on as it is, and a name has no type of device
            kwargs["device"] = choose_device(kwargs["device"])
        if "targets" in kwargs:
            kwargs["targets"] = check_targets(kwargs["targets"])
        if not len(mapped_triples):
            raise ValueError("mapped_triples is empty: there is nothing to evaluate.")
        if restrict_entities_to is not None:
            restrict_entities_to = check_entities(restrict_entities_to, count_entities(model, self.mode))
        if isinstance(additional_filter_triples, Tensor):
            additional_filter_triples = [additional_filter_triples]
        self._known = [mapped_triples, *(additional_filter_triples or [])] if self.filtered else []
        if additional_filter_triples:
            # not handed on: PyKEEN would compare triples one by one to find duplicates
            additional_filter_triples = [mapped_triples[:0]]
        try:
            return super().evaluate(
                model,
                mapped_triples,
                additional_filter_triples=additional_filter_triples,
                restrict_entities_to=restrict_entities_to,
                **kwargs,
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
        restrict_entities_to: Sequence[int] | None = None,
        **kwargs: Any,
    ) -> MetricResults[Any]:
        """Rank the triples on a device."""
        if not len(mapped_triples):
            raise ValueError(
                "No triple is left to evaluate: restrict_entities_to and restrict_relations_to leave all of them out."
            )
        device = torch.device(device)  # also where it is named
        model.eval()
        # not in inference mode: parameters that moved there could not be trained any more
        model = model.to(device)
        with torch.inference_mode():
            triples, restriction = mapped_triples.to(device), None
            if restrict_entities_to is not None:
                restriction = Restriction.of(restrict_entities_to, count_entities(model, self.mode), device)
            return self._rank_all(model, triples, restriction, batch_size, slice_size, targets, tqdm_kwargs)

    def _rank_all(
        self,
        model: Model,
        triples: Tensor,
        restriction: Restriction | None,
        batch_size: int | None,
        slice_size: int | None,
        targets: Collection[Target],
        tqdm_kwargs: Mapping[str, Any],
    ) -> MetricResults[Any]:
        """Rank triples on the device where they and the model are."""
        device = triples.device
        self.num_entities = count_entities(model, self.mode)
        shards = shards_of(model)
        num_scored = self.num_entities if shards is None else len(shards.rows(self.num_entities))
        size = batch_size or default_batch_size(model, num_scored, device)
        known = {target: self._index(target, triples, restriction) for target in targets}
        self.clear()
        ranks: dict[Target, list[Ranks]] = {target: [] for target in targets}
        with tqdm(desc=f"Evaluating on {device}", total=len(triples), unit="triple", **tqdm_kwargs) as progress:

            def rank_batch(rows: slice) -> dict[Target, Ranks]:
                batch = {}
                for target in targets:
                    answers = known[target].batch(rows.start, rows.stop)
                    batch[target] = self._rank(model, triples[rows], target, answers, restriction, slice_size)
                progress.update(rows.stop - rows.start)
                return batch

            # processes that share entities score the same batches together
            for batch in in_batches(rank_batch, len(triples), size, may_shrink=shards is None):
                for target, ranked in batch.items():
                    ranks[target].append(ranked)
        for target, batches in ranks.items():
            self._append(target, batches)
        return self.finalize()

    def _rank(
        self,
        model: Model,
        batch: Tensor,
        target: Target,
        answers: KnownBatch,
        restriction: Restriction | None,
        slice_size: int | None,
    ) -> Ranks:
        true, shards = batch[:, TARGET_TO_INDEX[target]], shards_of(model)
        if restriction is not None:
            true = restriction.places[true]
        if shards is None:
            scores = model.predict(hrt_batch=batch, target=target, slice_size=slice_size, mode=self.mode)
            return rank(scores if restriction is None else restriction.narrow_scores(scores), true, answers)
        assert isinstance(model, ERModel)
        own, num_candidates = OwnScores.of(model, batch, target), model.num_entities
        if restriction is not None:
            own, num_candidates = restriction.narrow_own(own), len(restriction.ids)
        return rank_own(own, true, answers, num_candidates, shards)

    def _index(self, target: Target, triples: Tensor, restriction: Restriction | None) -> KnownAnswers:
        if restriction is not None:
            restriction.check(triples, TARGET_TO_INDEX[target])
        if not self._known:
            return KnownAnswers(triples.new_empty(0), [0] * (len(triples) + 1))
        return KnownAnswers.of(triples, self._known, target, None if restriction is None else restriction.places)

    def _append(self, target: Target, batches: list[Ranks]) -> None:
        """Store ranks where PyKEEN's evaluator takes them from; the device is waited for once."""
        for batch in batches:
            for rank_type, ranks in batch.items():
                self.ranks[target, rank_type].append(ranks.cpu().numpy())
            self.num_candidates[target].append(batch.number_of_options.cpu().numpy())
