"""HypER: a hypernetwork makes the convolution filters of each relation."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.constants import DEFAULT_DROPOUT_HPO_RANGE
from pykeen.losses import BCEWithLogitsLoss, Loss
from pykeen.triples import KGInfo
from pykeen.typing import Hint, Initializer
from torch import Tensor, nn
from torch.nn.init import xavier_normal_

from ..checks import check_bool, check_number, check_whole
from ..functional.convolution import correlate
from ..nn import QueryInteraction, QueryModel, Relation, Similarity, normal_entities_

logger = logging.getLogger(__name__)


class HypERInteraction(QueryInteraction):
    r"""The interaction of :class:`HypER`.

    As in the authors' code, both linear maps, H and W, have a bias; dropout follows the head, the feature maps (whole
    maps) and W; and there is batch normalization of the head, of the feature maps and of what ReLU gets. The bias of
    tails is the base's option ``tail_bias``.

    ReLU of normalized numbers has a squared length of d / 2. For a distance, queries are multiplied by
    :math:`\sqrt{0.64 / d}`, so that they start as long as entities: else first distances lie where HaLE's activations
    are flat.
    """

    entity_shape = ("d",)
    relation_shape = ("e",)

    #: The map H from relations to filters; None if the relations are the filters
    hypernetwork: nn.Linear | None

    def __init__(
        self,
        embedding_dim: int = 200,
        relation_dim: int = 200,
        num_filters: int = 32,
        filter_length: int = 9,
        input_dropout: float = 0.2,
        feature_map_dropout: float = 0.2,
        hidden_dropout: float = 0.3,
        hypernetwork: bool = True,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the interaction.

        :param embedding_dim: the dimension d of entities, ≥ 1
        :param relation_dim: the dimension e of relations, ≥ 1; without the hypernetwork it is :math:`n_f l_f` instead
        :param num_filters: the number :math:`n_f` of filters per relation, ≥ 1
        :param filter_length: the length :math:`l_f` of a filter, from 1 to d
        :param input_dropout: the dropout of the head, in [0, 1)
        :param feature_map_dropout: the dropout of whole feature maps, in [0, 1)
        :param hidden_dropout: the dropout of the hidden layer, in [0, 1)
        :param hypernetwork: whether filters are made from relations by the hypernetwork H; otherwise they are the
            relations
        :param kwargs: the options of :class:`~pykeen_conj_hale.nn.query.QueryInteraction`
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(**kwargs)
        _check_sizes(embedding_dim, relation_dim, num_filters, filter_length)
        check_bool("hypernetwork", hypernetwork)
        input_dropout = check_number("input_dropout", input_dropout, minimum=0, below=1)
        feature_map_dropout = check_number("feature_map_dropout", feature_map_dropout, minimum=0, below=1)
        hidden_dropout = check_number("hidden_dropout", hidden_dropout, minimum=0, below=1)
        self.num_filters, self.filter_length = num_filters, filter_length
        width = embedding_dim - filter_length + 1
        self.hypernetwork = nn.Linear(relation_dim, num_filters * filter_length) if hypernetwork else None
        self.projection = nn.Linear(num_filters * width, embedding_dim)
        self.input_norm = nn.BatchNorm1d(1)
        self.feature_map_norm = nn.BatchNorm1d(num_filters)
        self.hidden_norm = nn.BatchNorm1d(embedding_dim)
        self.input_dropout = nn.Dropout(input_dropout)
        self.feature_map_dropout = nn.Dropout1d(feature_map_dropout)
        self.hidden_dropout = nn.Dropout(hidden_dropout)

    def transform(self, h: Tensor, r: Tensor) -> Tensor:
        r"""Build the query :math:`\mathrm{ReLU}(\mathrm{vec}(h * F_r) W)`; for distances times :math:`\sqrt{0.64 / d}`.

        In training the batch normalization takes its statistics from all (head, relation) pairs of the call.

        :param h: shape: ``(*batch_dims, d)``
        :param r: shape: ``(*batch_dims, e)``; the batch dimensions broadcast
        :return: shape: ``(*batch_dims, d)``
        :raises ValueError: if there is a single pair in training
        """
        self._check_batch(h, r)
        # one channel, (-1, 1, d): all dimensions are normalized alike
        x: Tensor = self.input_norm(h.reshape(-1, 1, h.shape[-1])).view(h.shape)
        filters: Tensor = r if self.hypernetwork is None else self.hypernetwork(r)
        filters = filters.reshape(*filters.shape[:-1], self.num_filters, self.filter_length)
        maps = correlate(self.input_dropout(x), filters)
        batch_dims = maps.shape[:-2]
        maps = self.feature_map_dropout(self.feature_map_norm(maps.reshape(-1, *maps.shape[-2:])))
        hidden: Tensor = self.hidden_norm(self.hidden_dropout(self.projection(maps.flatten(start_dim=1))))
        query = hidden.relu().view(*batch_dims, h.shape[-1])
        return query * math.sqrt(0.64 / h.shape[-1]) if self.similarity.is_distance else query

    def _check_batch(self, h: Tensor, r: Tensor) -> None:
        if self.training and h.shape[:-1].numel() == r.shape[:-1].numel() == 1:
            raise ValueError(
                "A batch of one (head, relation) pair cannot be trained on: batch normalization needs the statistics "
                "of at least two. Use a batch_size of at least 2, and drop_last=True (PyKEEN's default for this "
                "model) lest the last batch is of size one; to predict, call eval() first."
            )

    def extra_repr(self) -> str:
        """Show the options."""
        return f"num_filters={self.num_filters}, filter_length={self.filter_length}, {super().extra_repr()}"


def _check_sizes(embedding_dim: int, relation_dim: int, num_filters: int, filter_length: int) -> None:
    check_whole("embedding_dim", embedding_dim)
    check_whole("relation_dim", relation_dim)
    check_whole("num_filters", num_filters)
    check_whole("filter_length", filter_length)
    if filter_length > embedding_dim:
        raise ValueError(
            f"filter_length={filter_length} is not allowed: it must be at most embedding_dim={embedding_dim}, as the "
            "filters move along the head."
        )


def _size_of_relation(
    relation_dim: int, num_filters: int, filter_length: int, hypernetwork: bool, **options: Any
) -> int:
    return relation_dim if hypernetwork else num_filters * filter_length


class HypER(QueryModel):
    r"""Convolution of the head with filters which a hypernetwork makes from the relation (Balažević et al., 2019).

    .. math::
        f(h, r, t) = \langle \mathrm{ReLU}(\mathrm{vec}(h * F_r) W), t\rangle + b_t, \qquad
        F_r = \mathrm{vec}^{-1}(r H) \in \mathbb{R}^{n_f \times l_f},\ h, t \in \mathbb{R}^d,\ r \in \mathbb{R}^e

    The filters are one-dimensional, and :math:`*` is :func:`~pykeen_conj_hale.functional.convolution.correlate`.
    ``hypernetwork=False`` is the paper's "HypER without H": the relation *is* the filters, :math:`e = n_f l_f`. The
    options of the transform are those of :class:`HypERInteraction`.

    The paper trains it by 1-N scoring (``training_loop="LCWA"``) with binary cross entropy, label smoothing 0.1
    (``training_kwargs=dict(label_smoothing=0.1)``) and reciprocal relations (``create_inverse_triples=True``), without
    which scoring heads means a convolution of each entity for each relation.

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
    entity_initializer_default: ClassVar[Hint[Initializer]] = None
    relation = Relation(xavier_normal_, shape="e", size=_size_of_relation)
    interaction_class = HypERInteraction

    @classmethod
    def entity_initializer_for(cls, *, similarity: Similarity, embedding_dim: int, **options: Any) -> Hint[Initializer]:
        """Choose the initializer of entities: that of the authors' code for the dot product.

        Distances need entities whose length does not depend on the dimension.

        :param similarity: the similarity
        :param embedding_dim: the dimension
        :param options: the interaction's options
        :return: the initializer
        """
        return normal_entities_ if similarity.is_distance else xavier_normal_

    @classmethod
    def check_options(cls, *, triples_factory: KGInfo, embedding_dim: int, **options: Any) -> None:
        """Check options, and warn where there are no inverse triples.

        :param triples_factory: the numbers of entities and relations; there should be inverse triples
        :param embedding_dim: the dimension of entities
        :param options: the interaction's options
        :raises ValueError: if an option is not allowed
        """
        super().check_options(triples_factory=triples_factory, embedding_dim=embedding_dim, **options)
        _check_sizes(embedding_dim, *(options[name] for name in ("relation_dim", "num_filters", "filter_length")))
        check_bool("hypernetwork", options["hypernetwork"])
        if not triples_factory.create_inverse_triples:
            logger.warning(
                "HypER without inverse triples scores heads by a convolution of each entity for each relation, which "
                "takes very long and much memory. dataset_kwargs=dict(create_inverse_triples=True) gives them."
            )
