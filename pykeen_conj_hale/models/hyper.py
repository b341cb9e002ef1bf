"""HypER: a hypernetwork makes the convolution filters of each relation."""

# no `from __future__ import annotations`: PyKEEN builds the command line from the annotations of `__init__`

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.constants import DEFAULT_DROPOUT_HPO_RANGE
from pykeen.losses import BCEWithLogitsLoss, Loss
from pykeen.triples import KGInfo
from pykeen.typing import Hint, Initializer
from torch.nn.init import xavier_normal_

from ..nn.hyper import HypERInteraction
from .base import QueryModel

__all__ = ["HypER"]

logger = logging.getLogger(__name__)


class HypER(QueryModel):
    r"""Convolution of the head with filters which a hypernetwork makes from the relation (Balažević et al., 2019).

    .. math::
        f(h, r, t) = \langle \mathrm{ReLU}(\mathrm{vec}(h * F_r) W), t\rangle + b_t, \qquad
        F_r = \mathrm{vec}^{-1}(r H) \in \mathbb{R}^{n_f \times l_f},\ h, t \in \mathbb{R}^d,\ r \in \mathbb{R}^e

    The paper trains it by 1-N scoring (``training_loop="LCWA"``) with binary cross entropy, label smoothing 0.1
    (``training_kwargs=dict(label_smoothing=0.1)``) and reciprocal relations (``create_inverse_triples=True``), without
    which scoring heads means a convolution of each entity for each relation. ``hypernetwork=False`` is the paper's
    "HypER without H".

    .. seealso::
        :class:`~pykeen_conj_hale.nn.hyper.HypERInteraction` for the dropouts and batch normalizations.

    ---
    name: HypER
    citation:
        author: Balažević
        year: 2019
        arxiv: 1808.07018
        link: https://arxiv.org/abs/1808.07018
        github: ibalazevic/HypER
    """

    #: The default strategy for optimizing the model's hyper-parameters; the filter lengths are those of the paper
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        embedding_dim=dict(type=int, low=16, high=256, q=16),
        relation_dim=dict(type=int, low=16, high=256, q=16),
        num_filters=dict(type=int, low=3, high=6, scale="power_two"),
        filter_length=dict(type="categorical", choices=[1, 2, 3, 6, 9, 12]),
        input_dropout=DEFAULT_DROPOUT_HPO_RANGE,
        feature_map_dropout=DEFAULT_DROPOUT_HPO_RANGE,
        hidden_dropout=DEFAULT_DROPOUT_HPO_RANGE,
    )
    #: The loss of the paper
    loss_default: ClassVar[type[Loss]] = BCEWithLogitsLoss
    loss_default_kwargs: ClassVar[Mapping[str, Any] | None] = {}

    tail_bias_default: ClassVar[bool] = True

    def __init__(
        self,
        *,
        triples_factory: KGInfo,
        embedding_dim: int = 200,
        relation_dim: int = 200,
        num_filters: int = 32,
        filter_length: int = 9,
        input_dropout: float = 0.2,
        feature_map_dropout: float = 0.2,
        hidden_dropout: float = 0.3,
        hypernetwork: bool = True,
        entity_initializer: Hint[Initializer] = xavier_normal_,
        relation_initializer: Hint[Initializer] = xavier_normal_,
        relation_initializer_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param triples_factory: the numbers of entities and relations; there should be inverse triples
        :param embedding_dim: the dimension d of entities
        :param relation_dim: the dimension e of relations; without the hypernetwork it is :math:`n_f l_f` instead
        :param num_filters: the number :math:`n_f` of filters a relation
        :param filter_length: the length :math:`l_f` of a filter, at most d
        :param input_dropout: the dropout of the head, in [0, 1)
        :param feature_map_dropout: the dropout of whole feature maps, in [0, 1)
        :param hidden_dropout: the dropout of the hidden layer, in [0, 1)
        :param hypernetwork: whether filters are made from relations by the hypernetwork H; otherwise they are the
            relations
        :param entity_initializer: the initializer of entities; torch's Xavier normal by default, as in the authors'
            code
        :param relation_initializer: the initializer of relations; torch's Xavier normal by default
        :param relation_initializer_kwargs: its arguments
        :param kwargs: further arguments of :class:`~pykeen_conj_hale.models.base.QueryModel`
        :raises ValueError: if an argument is not allowed
        """
        if not triples_factory.create_inverse_triples:
            logger.warning(
                "HypER without inverse triples scores heads by a convolution of each entity for each relation, which "
                "takes very long and much memory. dataset_kwargs=dict(create_inverse_triples=True) gives them."
            )
        super().__init__(
            triples_factory=triples_factory,
            interaction=HypERInteraction,
            interaction_kwargs=dict(
                embedding_dim=embedding_dim,
                relation_dim=relation_dim,
                num_filters=num_filters,
                filter_length=filter_length,
                input_dropout=input_dropout,
                feature_map_dropout=feature_map_dropout,
                hidden_dropout=hidden_dropout,
                hypernetwork=hypernetwork,
            ),
            entity_representations_kwargs=dict(shape=embedding_dim),
            entity_initializer=entity_initializer,
            relation_representations_kwargs=[
                dict(
                    shape=relation_dim if hypernetwork else num_filters * filter_length,
                    initializer=relation_initializer,
                    initializer_kwargs=relation_initializer_kwargs,
                )
            ],
            **kwargs,
        )
