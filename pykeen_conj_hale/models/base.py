"""The base of all query models."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

import inspect
import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Optional

import torch
from class_resolver import HintOrType, OptionalKwargs
from pykeen.losses import CrossEntropyLoss, Loss
from pykeen.models import ERModel
from pykeen.regularizers import Regularizer, regularizer_resolver
from pykeen.typing import FloatTensor, Hint, InductiveMode, Initializer, LongTensor
from torch import nn

from ..nn.query import UNIT_SCALE, QueryInteraction
from ..nn.similarity import Similarity
from ..regularizers import N3Regularizer

__all__ = ["NonFiniteScoreError", "QueryModel", "normal_entities_"]


class NonFiniteScoreError(RuntimeError):
    """Raised for predictions that are NaN or infinite: a ranking of them would look like a result."""


class QueryModel(ERModel[Any, Any, Any]):
    r"""A model which compares the query of head and relation with the tail.

    .. math::
        \mathrm{score}(h, r, t) = c_r \Psi(\Phi(h, r), t) + b_t

    Subclasses choose the interaction (Φ) and the representations of entities and relations. What all query models have
    in common is here: the options ``similarity``, ``relation_scale`` and ``tail_bias``, the initialization of entities,
    the regularizer; and that non-finite scores, which PyKEEN's evaluator would rank, are refused.

    ---
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    #: The default strategy for optimizing the model's hyper-parameters
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        embedding_dim=dict(type=int, low=16, high=256, q=16),
    )
    #: Cross entropy over all entities, under which most of these models were published
    loss_default: ClassVar[type[Loss]] = CrossEntropyLoss
    loss_default_kwargs: ClassVar[Mapping[str, Any] | None] = {}

    #: Whether there is a scale per relation where nothing is said
    relation_scale_default: ClassVar[bool] = False
    #: Whether there is a bias per tail where nothing is said
    tail_bias_default: ClassVar[bool] = False

    interaction: QueryInteraction
    #: The regularizer of the interaction's factors: N3, which no single representation can compute
    factor_regularizer: Regularizer | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Show the common options on PyKEEN's command line, which looks at the annotations of ``cls.__init__`` only."""
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        init = cls.__init__
        signature = inspect.signature(init)
        *own, last = signature.parameters.values()
        if "__init__" not in vars(cls) or last.kind is not inspect.Parameter.VAR_KEYWORD:
            return
        annotations: dict[str, Any] = {
            "loss": Any,
            "similarity": Optional[str],  # noqa: UP045 -- what PyKEEN's command line compares with
            "relation_scale": bool,
            "tail_bias": bool,
        }
        defaults = {"relation_scale": cls.relation_scale_default, "tail_bias": cls.tail_bias_default}
        # an option for `kwargs` could not work
        init.__annotations__ = {**{k: v for k, v in init.__annotations__.items() if k != "kwargs"}, **annotations}
        common = [
            inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, default=defaults.get(k), annotation=v)
            for k, v in annotations.items()
            if k not in signature.parameters
        ]
        init.__signature__ = signature.replace(parameters=[*own, *common, last])  # type: ignore[attr-defined]

    def __init__(
        self,
        *,
        interaction: type[QueryInteraction],
        entity_representations_kwargs: Mapping[str, Any],
        relation_representations_kwargs: Sequence[Mapping[str, Any]],
        similarity: HintOrType[Similarity] = None,
        relation_scale: bool | None = None,
        tail_bias: bool | None = None,
        entity_initializer: Hint[Initializer] = None,
        entity_initializer_kwargs: OptionalKwargs = None,
        regularizer: HintOrType[Regularizer] = None,
        regularizer_kwargs: OptionalKwargs = None,
        interaction_kwargs: OptionalKwargs = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param interaction: the class of the interaction
        :param entity_representations_kwargs: arguments of the entities' embedding, ``shape`` and ``dtype``
        :param relation_representations_kwargs: arguments of an embedding, for each relation representation of the
            transform
        :param similarity: the similarity Ψ: ``"dot"``, ``"squared_distance"`` or ``"exponential_distance"``; the
            interaction's default by default
        :param relation_scale: whether there is a scale :math:`c_r > 0` per relation, which starts at 1;
            :attr:`relation_scale_default` by default
        :param tail_bias: whether there is a bias :math:`b_t` per tail, which starts at 0; :attr:`tail_bias_default` by
            default
        :param entity_initializer: the initializer of entities; by default each of the d real values is drawn from
            :math:`\mathcal{N}(0, 0.32 / d)`, so that two entities have an expected squared distance of 0.64
        :param entity_initializer_kwargs: arguments of the initializer
        :param regularizer: the regularizer of the entities and relations looked up in training;
            :class:`~pykeen_conj_hale.regularizers.N3Regularizer` is given the interaction's factors, any other one
            each representation
        :param regularizer_kwargs: arguments of the regularizer
        :param interaction_kwargs: further arguments of the interaction
        :param kwargs: further arguments of :class:`pykeen.models.ERModel`
        :raises ValueError: if the dimension of entities is not positive
        """
        if (dim := entity_representations_kwargs["shape"]) < 1:
            raise ValueError(f"embedding_dim={dim} is not allowed: it must be at least 1.")
        relation_scale = self.relation_scale_default if relation_scale is None else relation_scale
        tail_bias = self.tail_bias_default if tail_bias is None else tail_bias
        factor_regularizer = None
        if regularizer is not None and issubclass(regularizer_resolver.lookup(regularizer), N3Regularizer):
            factor_regularizer = regularizer_resolver.make(regularizer, regularizer_kwargs)
            regularizer = regularizer_kwargs = None
        regularization = dict(regularizer=regularizer, regularizer_kwargs=regularizer_kwargs)
        entity_kwargs = dict(
            initializer=normal_entities_ if entity_initializer is None else entity_initializer,
            initializer_kwargs=entity_initializer_kwargs,
            **regularization,
        )
        entities = [{**entity_kwargs, **entity_representations_kwargs}]
        relations = [{**regularization, **relation} for relation in relation_representations_kwargs]
        if relation_scale:
            relations.append(_scalar(UNIT_SCALE))
        if tail_bias:
            entities.append(_scalar(0.0))
        super().__init__(
            interaction=interaction,
            interaction_kwargs=dict(
                interaction_kwargs or {}, similarity=similarity, relation_scale=relation_scale, tail_bias=tail_bias
            ),
            entity_representations_kwargs=entities,
            relation_representations_kwargs=relations,
            **kwargs,
        )
        # a module of the model: PyKEEN's `collect_regularization_term` finds it there
        self.factor_regularizer = factor_regularizer

    def _get_representations(
        self, h: LongTensor | None, r: LongTensor | None, t: LongTensor | None, *, mode: InductiveMode | None
    ) -> tuple[Any, Any, Any]:
        """Get representations, and regularize the factors of the batch's rows."""
        representations = super()._get_representations(h=h, r=r, t=t, mode=mode)
        if self.factor_regularizer is not None and self.training:
            # one id a row on at least two sides; ids of another shape are candidates (all entities, or a slice of them)
            shapes = [None if ids is None else ids.shape for ids in (h, r, t)]
            rows = [
                None if shape is None or shapes.count(shape) == 1 else x
                for shape, x in zip(shapes, representations, strict=True)
            ]
            self.factor_regularizer.update(*self.interaction.factors(*rows))
        return representations

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


def normal_entities_(tensor: FloatTensor, std: float | None = None) -> FloatTensor:
    r"""Initialize entities such that their distances do not depend on the dimension.

    :param tensor: shape: ``(num_entities, *shape)``, real (complex entities as pairs); filled in place
    :param std: the standard deviation; by default :math:`\sqrt{0.32 / d}` for d real values an entity, 0.1 at d = 32
    :return: the tensor
    """
    return nn.init.normal_(tensor, std=math.sqrt(0.32 / tensor[0].numel()) if std is None else std)


def _scalar(value: float) -> dict[str, Any]:
    """Describe an embedding of shape () which starts at a constant."""
    return dict(shape=(), initializer=nn.init.constant_, initializer_kwargs=dict(val=value))
