"""The base of all query models: what a model's class declares becomes its interaction, its embeddings, its options."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import torch
from class_resolver import HintOrType, OptionalKwargs
from pykeen.losses import CrossEntropyLoss, Loss
from pykeen.regularizers import Regularizer, regularizer_resolver
from pykeen.triples import KGInfo
from pykeen.typing import FloatTensor, Hint, InductiveMode, Initializer, LongTensor
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd

from ..checks import check_bool, check_whole, look_up, resolve
from ..pykeen_internals import show_options
from ..regularizers import FactorRegularizer
from .choice import choose_options, make_loss
from .declaration import declares, give_docdata, interaction_options, make_interaction, relations_of
from .finite import FiniteScoreModel
from .heads import score_heads
from .initializers import check_initializer, normal_entities_
from .options import (
    embedding_dtype,
    is_made,
    list_options,
    make_init,
    read_bool,
    read_number,
    take_options,
    take_relations,
)
from .query import UNIT_SCALE, QueryInteraction
from .similarity import Similarity, similarity_resolver

__all__ = ["QueryModel"]

logger = logging.getLogger(__name__)


class QueryModel(FiniteScoreModel):
    r"""A model which compares the query of head and relation with the tail.

    .. math::
        \mathrm{score}(h, r, t) = c_r \Psi(\Phi(h, r), t) + b_t + b'_h

    A subclass declares its relation representations, as attributes that are a
    :class:`~pykeen_conj_hale.nn.declaration.Relation`, and writes the transform Φ, a static method
    ``transform(h, NAME, …)`` with the names of these attributes. PyKEEN's interaction, :attr:`interaction_class`, is
    made from them. A model whose transform has options or modules names the class of its interaction instead; the
    parameters of that class are options of the model, too. The options are those of :meth:`__init__`, and for each
    relation representation ``NAME_initializer`` and ``NAME_initializer_kwargs``.

    See https://arxiv.org/abs/2201.00565 (Wang et al., 2022).
    """

    #: The transform Φ: gets the head and the declared representations, each of shape ``(*batch_dims, d)``, whose batch
    #: dimensions broadcast; returns the query of shape ``(*batch_dims, d)``
    transform: ClassVar[Callable[..., Tensor]]
    #: Only where parameters are shared: gets the declared representations, returns the factors which N3 regularizes
    relation_factors: ClassVar[Callable[..., Iterable[Tensor]]]
    #: Whether entities and relations are complex, for the transform; an ``interaction_class`` says it itself
    is_complex: ClassVar[bool] = False
    #: Whether the query is the head times the relation's factors, dimension by dimension: then DURA is possible
    is_diagonal: ClassVar[bool] = False
    #: Whether an entity has a vector of its own as a tail: one more table
    has_tail_vectors: ClassVar[bool] = False
    #: PyKEEN's interaction: made from the transform, or written where the transform has options or modules
    interaction_class: ClassVar[type[QueryInteraction]]

    #: The default strategy for optimizing the model's hyper-parameters
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        embedding_dim=dict(type=int, low=16, high=256, q=16),
    )
    #: Cross entropy over all entities, under which most of these models were published
    loss_default: ClassVar[type[Loss]] = CrossEntropyLoss
    loss_default_kwargs: ClassVar[Mapping[str, Any] | None] = {}

    #: The dimension d of entities by default
    embedding_dim_default: ClassVar[int] = 200
    #: Why the dimension has to be even, for the error; None where it may be odd
    even_dimension: ClassVar[str | None] = None
    #: The initializer of entities by default; None where :meth:`entity_initializer_for` chooses it by the options.
    #: (PyKEEN's pipeline hands the default over as if it had been asked for.)
    entity_initializer_default: ClassVar[Hint[Initializer]] = normal_entities_
    #: The similarity by default; None leaves it to the interaction
    similarity_default: ClassVar[str | None] = None
    #: Whether there is a scale per relation by default
    relation_scale_default: ClassVar[bool] = False
    #: Whether there is a bias per tail by default
    tail_bias_default: ClassVar[bool] = False
    #: Whether there is a bias per head by default
    head_bias_default: ClassVar[bool] = False

    interaction: QueryInteraction
    #: The regularizer of the interaction's factors: N3 or DURA, which no single representation can compute
    factor_regularizer: FactorRegularizer | None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Make the interaction, and show the options on PyKEEN's command line.

        :param kwargs: arguments of PyKEEN's classes
        :raises TypeError: if the declarations do not fit together
        """
        super().__init_subclass__(**kwargs)  # type: ignore[no-untyped-call]
        if declares(cls) and hasattr(cls, "transform") and "interaction_class" not in vars(cls):
            cls.interaction_class = make_interaction(cls)
        if "interaction_class" in vars(cls):
            give_docdata(cls, cls.interaction_class)
        elif (relations := relations_of(cls)) and not hasattr(cls, "interaction_class"):
            raise TypeError(f"{cls.__name__} has no static method transform({', '.join(['h', *relations])}).")
        if cls.__init__ is QueryModel.__init__ or is_made(cls.__init__):
            cls.__init__ = make_init(cls, QueryModel.__init__.__doc__)  # type: ignore[method-assign]
        elif "__init__" in vars(cls):
            show_options(cls.__init__, list_options(cls))

    def __init__(
        self,
        *,
        triples_factory: KGInfo,
        embedding_dim: int | None = None,
        similarity: HintOrType[Similarity] = None,
        relation_scale: bool | str | None = None,
        tail_bias: bool | str | None = None,
        head_bias: bool | str | None = None,
        min_reflexive: float | str | None = None,
        entity_initializer: Hint[Initializer] = None,
        entity_initializer_kwargs: OptionalKwargs = None,
        regularizer: HintOrType[Regularizer] = None,
        regularizer_kwargs: OptionalKwargs = None,
        loss: HintOrType[Loss] = None,
        loss_kwargs: OptionalKwargs = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        None stands for the model's default. With a given loss that is open, as ``loss="HaLE"`` without arguments, it
        stands for what is best for the graph: see :func:`~pykeen_conj_hale.defaults.choose_settings`.

        :param triples_factory: the numbers of entities and relations
        :param embedding_dim: the dimension d of entities; of complex ones, the number of complex numbers
        :param similarity: the similarity Ψ: ``"dot"``, ``"squared_distance"`` or ``"exponential_distance"``; of a
            model with a curvature per relation also ``"hyperbolic_distance"``
        :param relation_scale: whether there is a scale :math:`c_r > 0` per relation, which starts at 1; as the other
            two also the text true or false, for PyKEEN's command line
        :param tail_bias: whether there is a bias :math:`b_t` per tail, which starts at 0
        :param head_bias: whether there is a bias :math:`b'_h` per head, which starts at 0
        :param min_reflexive: predictions rank a query's own entity last where the share of the relation's training
            triples that connect an entity with itself is below this one; see
            :class:`~pykeen_conj_hale.nn.reflexive.ReflexiveModel`. 0 for no such rule
        :param entity_initializer: the initializer of entities
        :param entity_initializer_kwargs: arguments of the initializer
        :param regularizer: the regularizer of the entities and relations looked up in training;
            N3 and DURA are given the interaction's factors, any other one each representation
        :param regularizer_kwargs: arguments of the regularizer
        :param loss: the loss; the model's own by default
        :param loss_kwargs: arguments of the loss
        :param kwargs: initializers of relation representations, options of the interaction, and further arguments of
            :class:`pykeen.models.ERModel`
        :raises ValueError: if an option is not allowed
        :raises TypeError: if an option is unknown, or the class declares no transform
        """
        cls = type(self)
        made_loss = make_loss(cls, loss, loss_kwargs)
        # without a loss, all is the class's own
        chosen = {} if loss is None else choose_options(cls, triples_factory, made_loss, similarity, regularizer)
        embedding_dim = chosen.get("embedding_dim") if embedding_dim is None else embedding_dim
        options = take_options(cls, embedding_dim, kwargs)
        self.check_options(triples_factory=triples_factory, **options)
        options["embedding_dim"] = int(options["embedding_dim"])
        check_initializer("entity_initializer", entity_initializer)
        default = chosen.get("similarity") or cls.similarity_default or cls.interaction_class.similarity_default
        psi = resolve(similarity_resolver, "similarity", similarity, default=default)
        terms = _terms(cls, chosen, relation_scale=relation_scale, tail_bias=tail_bias, head_bias=head_bias)
        if "regularizer" in chosen:
            regularizer = chosen["regularizer"]
            regularizer_kwargs = {**chosen["regularizer_kwargs"], **(regularizer_kwargs or {})}
        factor_regularizer, regularization = _split_regularizer(regularizer, regularizer_kwargs)
        _check_product(cls, factor_regularizer, psi)
        entity_kwargs = dict(
            shape=options["embedding_dim"],
            initializer=cls.entity_initializer_for(similarity=psi, **options)
            if entity_initializer is None
            else entity_initializer,
            initializer_kwargs=entity_initializer_kwargs,
        )
        vectors = len(cls.interaction_class.entity_shape)
        entities = [{**embedding_dtype(cls.interaction_class), **regularization, **entity_kwargs}] * vectors
        relations = [{**regularization, **relation} for relation in take_relations(cls, options, psi, kwargs)]
        if terms["relation_scale"]:
            relations.append(_scalar(UNIT_SCALE))
        entities += [_scalar(0.0)] * (terms["head_bias"] + terms["tail_bias"])
        super().__init__(
            triples_factory=triples_factory,
            interaction=cls.interaction_class,
            interaction_kwargs=dict(
                {name: options[name] for name in interaction_options(cls.interaction_class) if name in options},
                similarity=psi,
                **terms,
            ),
            entity_representations_kwargs=entities,
            relation_representations_kwargs=relations,
            loss=made_loss,
            **kwargs,
        )
        self.learn_reflexive(
            triples_factory, read_number("min_reflexive", min_reflexive, chosen.get("min_reflexive", 0.0))
        )
        # a module of the model: PyKEEN's `collect_regularization_term` finds it there
        self.factor_regularizer = factor_regularizer
        self._made_with = dict(
            embedding_dim=options["embedding_dim"],
            similarity=similarity_resolver.normalize_inst(psi),
            **terms,
        )
        if chosen:
            self._say_what_was_chosen()

    @property
    def made_with(self) -> Mapping[str, Any]:
        """The options that all query models share, as they are: given, chosen from the graph, or the class's own."""
        return {**self._made_with, "min_reflexive": self.min_reflexive}

    def _say_what_was_chosen(self) -> None:
        """Log the options, with those that were given, the loss, and the regularizer of factors."""
        options = ", ".join(f"{name}={value!r}" for name, value in self.made_with.items())
        made = [f"{type(self).__name__}({options})", str(self.loss)]
        if (regularizer := self.factor_regularizer) is not None:
            made.append(f"{type(regularizer).__name__} of weight {float(regularizer.weight):g}")
        logger.info("Chosen by the graph where nothing is given: %s.", " with ".join(made))

    @classmethod
    def entity_initializer_for(cls, *, similarity: Similarity, embedding_dim: int, **options: Any) -> Hint[Initializer]:
        """Choose the initializer of entities where none is given; to be extended where it depends on options.

        :param similarity: the similarity
        :param embedding_dim: the dimension
        :param options: the interaction's options
        :return: the initializer
        """
        return cls.entity_initializer_default

    @classmethod
    def check_options(cls, *, triples_factory: KGInfo, embedding_dim: int, **options: Any) -> None:
        """Check options before anything is built; to be extended where more has to fit.

        :param triples_factory: the numbers of entities and relations
        :param embedding_dim: the dimension of entities
        :param options: the interaction's options
        :raises ValueError: if an option is not allowed
        """
        is_even = isinstance(embedding_dim, numbers.Integral) and embedding_dim >= 2 and not embedding_dim % 2
        if cls.even_dimension is not None and not is_even:
            raise ValueError(f"embedding_dim={embedding_dim!r} must be even and at least 2: {cls.even_dimension}.")
        check_whole("embedding_dim", embedding_dim)
        # a string is true, whatever it says
        check_bool("create_inverse_triples", triples_factory.create_inverse_triples)

    def score_h(
        self,
        rt_batch: LongTensor,
        *,
        slice_size: int | None = None,
        mode: InductiveMode | None = None,
        heads: LongTensor | None = None,
    ) -> FloatTensor:
        r"""Score heads; see :meth:`pykeen.models.Model.score_h`.

        The queries :math:`\Phi(h, r)` of all heads depend on the relation, and not on the tail. They are built once per
        distinct relation of the batch, and compared with its tails by one matrix product.

        :param rt_batch: shape: ``(batch_size, 2)``, the ids of relations and tails
        :param slice_size: the number of heads per slice
        :param mode: the inductive mode, None for transductive models
        :param heads: shape: ``(num_heads,)`` or ``(batch_size, num_heads)``, the ids of heads; all by default
        :return: shape: ``(batch_size, num_heads)``
        """
        is_per_row = heads is not None and heads.ndim > 1
        if slice_size or is_per_row or not len(rt_batch) or _mixes_rows(self.interaction):
            return super().score_h(rt_batch, slice_size=slice_size, mode=mode, heads=heads)
        h, r, t = self._get_representations(h=heads, r=rt_batch[:, 0], t=rt_batch[:, 1], mode=mode)
        return score_heads(self.interaction, h, r, t, rt_batch[:, 0])

    def _get_representations(
        self, h: LongTensor | None, r: LongTensor | None, t: LongTensor | None, *, mode: InductiveMode | None
    ) -> tuple[Any, Any, Any]:
        """Get representations, and regularize the factors of the batch's rows."""
        representations = super()._get_representations(h=h, r=r, t=t, mode=mode)
        regularizer = self.factor_regularizer
        if regularizer is not None and regularizer.training and torch.is_grad_enabled():
            # one id per row on at least two sides; ids of another shape are candidates (all entities, or a slice)
            shapes = [None if ids is None else ids.shape for ids in (h, r, t)]
            rows = [
                x if ids is not None and shapes.count(ids.shape) > 1 else None
                for ids, x in zip((h, r, t), representations, strict=True)
            ]
            regularizer.add(self.interaction.factors(*rows), (h, r, t))
        return representations


def _split_regularizer(
    regularizer: HintOrType[Regularizer], kwargs: OptionalKwargs
) -> tuple[FactorRegularizer | None, dict[str, Any]]:
    """Make the regularizer of the factors, if it is one; else say which one each representation has."""
    if regularizer is None and kwargs:
        raise ValueError(
            f"regularizer_kwargs={kwargs!r} is not allowed without a regularizer, which this model has none of by "
            "itself: name it, as regularizer='N3'."
        )
    if regularizer is None or not issubclass(
        look_up(regularizer_resolver, "regularizer", regularizer), FactorRegularizer
    ):
        return None, dict(regularizer=regularizer, regularizer_kwargs=kwargs)
    made = regularizer_resolver.make(regularizer, kwargs)
    assert isinstance(made, FactorRegularizer)
    return made, dict(regularizer=None, regularizer_kwargs=None)


def _check_product(cls: type[QueryModel], regularizer: FactorRegularizer | None, similarity: Similarity) -> None:
    """Check that head and tail can be multiplied by the relation, where the regularizer does so."""
    if regularizer is None or not regularizer.needs_product:
        return
    name = regularizer.get_normalized_name().upper()
    if not cls.interaction_class.is_diagonal:
        raise ValueError(
            f"regularizer={name!r} is not allowed: {cls.__name__} does not multiply the head by the relation. "
            "QueryDistMult, QueryComplEx, ConjComplEx and QueryCP do; N3 is for all models."
        )
    if similarity.is_distance:
        raise ValueError(
            f"regularizer={name!r} is not allowed with similarity={similarity!r}, which has its terms already: "
            "give similarity='dot', or regularizer='N3'."
        )


def _terms(cls: type[QueryModel], chosen: Mapping[str, Any], **given: bool | str | None) -> dict[str, bool]:
    """Read the options that are yes or no; None stands for what was chosen, else for the model's default."""
    return {
        name: read_bool(name, value, chosen.get(name, getattr(cls, f"{name}_default"))) for name, value in given.items()
    }


def _mixes_rows(interaction: nn.Module) -> bool:
    """Tell whether a query depends on the other rows of its batch, or on chance."""
    return any(
        x.training and (isinstance(x, _BatchNorm) or (isinstance(x, _DropoutNd) and x.p > 0))
        for x in interaction.modules()
    )


def _scalar(value: float) -> dict[str, Any]:
    """Describe an embedding of shape () which starts at a constant."""
    return dict(shape=(), initializer=nn.init.constant_, initializer_kwargs=dict(val=value))
