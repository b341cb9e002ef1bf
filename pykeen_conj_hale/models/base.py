"""The base of all query models."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from class_resolver import HintOrType, OptionalKwargs
from pykeen.models import ERModel
from pykeen.typing import FloatTensor, LongTensor
from torch import nn

from ..nn.query import UNIT_SCALE, QueryInteraction
from ..nn.similarity import Similarity

__all__ = ["NonFiniteScoreError", "QueryModel"]


class NonFiniteScoreError(RuntimeError):
    """Raised for predictions that are NaN or infinite: a ranking of them would look like a result."""


class QueryModel(ERModel[Any, Any, Any]):
    r"""A model which compares the query of head and relation with the tail.

    .. math::
        \mathrm{score}(h, r, t) = c_r \Psi(\Phi(h, r), t) + b_t

    Subclasses choose the interaction (Φ) and the representations of entities and relations. This base adds those of the
    options (scale and bias), and refuses to predict non-finite scores, which PyKEEN's evaluator would rank.

    ---
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    interaction: QueryInteraction

    def __init__(
        self,
        *,
        interaction: type[QueryInteraction],
        entity_representations_kwargs: Sequence[Mapping[str, Any]],
        relation_representations_kwargs: Sequence[Mapping[str, Any]],
        similarity: HintOrType[Similarity] = None,
        relation_scale: bool = False,
        tail_bias: bool = False,
        interaction_kwargs: OptionalKwargs = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param interaction: the class of the interaction
        :param entity_representations_kwargs: arguments of an embedding, for each entity representation of the transform
        :param relation_representations_kwargs: arguments of an embedding, for each relation representation of the
            transform
        :param similarity: the similarity Ψ: ``"dot"`` or ``"squared_distance"``; the interaction's default by default
        :param relation_scale: whether there is a scale :math:`c_r > 0` per relation; it starts at 1
        :param tail_bias: whether there is a bias :math:`b_t` per tail; it starts at 0
        :param interaction_kwargs: further arguments of the interaction
        :param kwargs: further arguments of :class:`pykeen.models.ERModel`
        """
        entity_kwargs, relation_kwargs = list(entity_representations_kwargs), list(relation_representations_kwargs)
        if relation_scale:
            relation_kwargs.append(_scalar(UNIT_SCALE))
        if tail_bias:
            entity_kwargs.append(_scalar(0.0))
        super().__init__(
            interaction=interaction,
            interaction_kwargs=dict(
                interaction_kwargs or {}, similarity=similarity, relation_scale=relation_scale, tail_bias=tail_bias
            ),
            entity_representations_kwargs=entity_kwargs,
            relation_representations_kwargs=relation_kwargs,
            **kwargs,
        )

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
                f"values: {bad or 'none (the scores overflow)'}. A smaller learning rate or more regularisation may help."
            )
        return scores


def _scalar(value: float) -> dict[str, Any]:
    """Describe an embedding of shape () which starts at a constant."""
    return dict(shape=(), initializer=nn.init.constant_, initializer_kwargs=dict(val=value))
