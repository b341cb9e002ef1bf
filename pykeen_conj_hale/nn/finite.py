"""Models that refuse to hand out scores which cannot be ranked."""

from __future__ import annotations

from typing import Any

import torch
from pykeen.typing import FloatTensor, LongTensor

from .reflexive import ReflexiveModel

__all__ = ["FiniteScoreModel", "NonFiniteScoreError"]


class NonFiniteScoreError(RuntimeError):
    """Raised for predictions that are NaN or infinite: a ranking of them would look like a result."""


class FiniteScoreModel(ReflexiveModel):  # type: ignore[no-untyped-call]
    """A model whose predictions are finite, or an error: PyKEEN's evaluator would rank what is not."""

    def predict_hrt(self, hrt_batch: LongTensor, **kwargs: Any) -> FloatTensor:
        """Predict the scores of triples; see :meth:`pykeen.models.Model.predict_hrt`.

        :param hrt_batch: shape: ``(batch_size, 3)``, the ids of the triples
        :param kwargs: further arguments
        :return: shape: ``(batch_size, 1)``, finite scores
        :raises NonFiniteScoreError: if a score is NaN or infinite
        """
        return self._finite(super().predict_hrt(hrt_batch, **kwargs))

    def predict_h(self, rt_batch: LongTensor, **kwargs: Any) -> FloatTensor:
        """Predict the scores of heads; see :meth:`pykeen.models.Model.predict_h`.

        :param rt_batch: shape: ``(batch_size, 2)``, the ids of relations and tails
        :param kwargs: further arguments
        :return: shape: ``(batch_size, num_heads)``, finite scores
        :raises NonFiniteScoreError: if a score is NaN or infinite
        """
        return self._finite(super().predict_h(rt_batch, **kwargs))

    def predict_t(self, hr_batch: LongTensor, **kwargs: Any) -> FloatTensor:
        """Predict the scores of tails; see :meth:`pykeen.models.Model.predict_t`.

        :param hr_batch: shape: ``(batch_size, 2)``, the ids of heads and relations
        :param kwargs: further arguments
        :return: shape: ``(batch_size, num_tails)``, finite scores
        :raises NonFiniteScoreError: if a score is NaN or infinite
        """
        return self._finite(super().predict_t(hr_batch, **kwargs))

    def predict_r(self, ht_batch: LongTensor, **kwargs: Any) -> FloatTensor:
        """Predict the scores of relations; see :meth:`pykeen.models.Model.predict_r`.

        :param ht_batch: shape: ``(batch_size, 2)``, the ids of heads and tails
        :param kwargs: further arguments
        :return: shape: ``(batch_size, num_relations)``, finite scores
        :raises NonFiniteScoreError: if a score is NaN or infinite
        """
        return self._finite(super().predict_r(ht_batch, **kwargs))

    def _finite(self, scores: FloatTensor) -> FloatTensor:
        """Let finite scores pass."""
        # the sum is not finite if a score is not: one pass, and no mask; it may overflow where all scores are finite
        if not torch.isfinite(scores.sum()) and not torch.isfinite(scores).all():
            bad = [name for name, parameter in self.named_parameters() if not torch.isfinite(parameter).all()]
            raise NonFiniteScoreError(
                f"{type(self).__name__} predicts NaN or infinite scores, which cannot be ranked. Parameters with such "
                f"values: {bad or 'none (the scores overflow)'}. A smaller learning rate may help."
            )
        return scores
