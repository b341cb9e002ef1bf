r"""The base of all interactions: a query compared with a target.

.. math::
    \mathrm{score}(h, r, t) = c_r \Psi(\Phi(h, r), t) + b_t + b'_h

A subclass writes the transform Φ only. This module is the one place which knows the fast path: a query of batch shape
``(b, 1)`` against targets of batch shape ``(1, n)`` is one matrix product, whatever Φ is.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

from class_resolver import HintOrType
from pykeen.nn.modules import Interaction
from torch import Tensor
from torch.nn import functional

from ..checks import check_bool, resolve
from ..functional.hyperbolic import positive_curvature
from ..functional.similarity import as_real
from ..regularizers import Factors
from ..streaming.activations import HardnessActivation
from ..streaming.logsumexp import streaming_logsumexp
from .similarity import Similarity, similarity_resolver

__all__ = ["UNIT_SCALE", "Query", "QueryInteraction", "Target", "parts_of", "unpack"]

#: The value of the scale's parameter at which the scale is 1: softplus(UNIT_SCALE) = 1
UNIT_SCALE: float = math.log(math.expm1(1.0))


class Query(NamedTuple):
    """What a head and a relation ask for."""

    #: shape: ``(*batch_dims, d)``, real
    vector: Tensor
    #: shape: ``batch_dims``, positive; None for 1
    scale: Tensor | None
    #: shape: ``batch_dims``, positive; minus the curvature of the query's space, None for a flat one
    curvature: Tensor | None = None
    #: shape: ``batch_dims``, what is added to its scores; None for 0
    bias: Tensor | None = None

    def map(self, function: Callable[[Tensor], Tensor]) -> Query:
        """Apply a function of the leading dimensions, such as an index, to all that a query consists of.

        :param function: the function
        :return: the query of the results
        """
        return Query(*(None if x is None else function(x) for x in self))  # type: ignore[arg-type]


class Target(NamedTuple):
    """What a tail offers."""

    #: shape: ``(*batch_dims, d)``, real
    vector: Tensor
    #: shape: ``batch_dims``; None for 0
    bias: Tensor | None


class QueryInteraction(Interaction[Any, Any, Any], ABC):
    r"""An interaction which transforms head and relation into a query, and compares it with the tail.

    Subclasses set :attr:`entity_shape` and :attr:`relation_shape` to what their transform needs, and write
    :meth:`transform`. The options here are those of every query model:

    - the similarity Ψ: the dot product, minus the squared Euclidean distance, or minus RotL's function of it; of an
      interaction with a curvature per relation also minus the squared hyperbolic distance;
    - a scale :math:`c_r = \mathrm{softplus}(\cdot) > 0` per relation, one more relation representation of shape ``()``
      (positive, because a scale that changes its sign turns the ranking around);
    - a bias :math:`b'_h` per entity as head, and :math:`b_t` as tail: one more entity representation each, of shape
      ``()``. That of heads changes no rank of tails, but the value of losses such as the logistic one.
    """

    #: The similarity where none is given
    similarity_default: ClassVar[str] = "dot"
    #: Which relation representation is the curvature's parameter, of shape ``()``, if there is one. The transform gets
    #: :math:`c = \mathrm{softplus}(\cdot) > 0` in its place.
    curvature_index: ClassVar[int | None] = None
    #: Whether the query is the head times the relation's factors, dimension by dimension, which DURA needs
    is_diagonal: ClassVar[bool] = False

    similarity: Similarity

    def __init__(
        self,
        similarity: HintOrType[Similarity] = None,
        relation_scale: bool = False,
        tail_bias: bool = False,
        head_bias: bool = False,
    ) -> None:
        """Initialize the interaction.

        :param similarity: the similarity Ψ, by name, class or instance: ``"dot"``, ``"squared_distance"``,
            ``"exponential_distance"`` or ``"hyperbolic_distance"``. Defaults to the class's :attr:`similarity_default`.
        :param relation_scale: whether there is a positive scale per relation
        :param tail_bias: whether there is a bias per tail
        :param head_bias: whether there is a bias per head
        :raises ValueError: if an argument is not allowed, or the similarity needs a curvature that there is not
        """
        super().__init__()
        self.similarity = resolve(similarity_resolver, "similarity", similarity, default=self.similarity_default)
        self.relation_scale = check_bool("relation_scale", relation_scale)
        self.tail_bias = check_bool("tail_bias", tail_bias)
        self.head_bias = check_bool("head_bias", head_bias)
        if self.similarity.needs_curvature and self.curvature_index is None:
            raise ValueError(
                f"similarity={self.similarity!r} is not allowed: {type(self).__name__} has no curvature. RotH, "
                "RefH and AttH have one per relation."
            )
        if relation_scale:
            self.relation_shape = (*self.relation_shape, "")
        self._add_biases()

    def _add_biases(self) -> None:
        """Add the entity representations of biases, and say which side has which."""
        num_vectors, head, tail = len(self.entity_shape), [*self.head_indices], [*self.tail_indices]
        if self.head_bias or self.tail_bias:
            self.entity_shape = (*self.entity_shape, *[""] * (self.head_bias + self.tail_bias))
            # the head's bias comes first
            self._head_indices = [*head, *[num_vectors] * self.head_bias]
            self._tail_indices = [*tail, *[num_vectors + self.head_bias] * self.tail_bias]

    @abstractmethod
    def transform(self, h: Any, r: Any) -> Tensor:
        r"""Transform head and relation into the query vector Φ(h, r).

        :param h: shape: ``(*batch_dims, *dims)``, the head representation(s)
        :param r: shape: ``(*batch_dims, *dims)``, the relation representation(s), without the scale
        :return: shape: ``(*batch_dims, d)``, real or complex, as the tail representation
        """

    def encode_query(self, h: Any, r: Any) -> Query:
        """Build the query of head and relation.

        :param h: the head representation(s), as for :meth:`forward`
        :param r: the relation representation(s), as for :meth:`forward`
        :return: the query, with its scale
        """
        scale = curvature = bias = None
        if self.relation_scale:
            *parts, raw = r
            r, scale = unpack(parts), functional.softplus(raw)
        if self.curvature_index is not None:
            parts = list(parts_of(r))
            parts[self.curvature_index] = curvature = positive_curvature(parts[self.curvature_index])
            r = unpack(parts)
        if self.head_bias:
            *parts, bias = h
            h = unpack(parts)
        vector = as_real(self.transform(h, r))
        return Query(vector, scale, curvature, None if bias is None else bias.expand(vector.shape[:-1]))

    def encode_target(self, t: Any) -> Target:
        """Build the target of a tail.

        :param t: the tail representation(s), as for :meth:`forward`
        :return: the target, with its bias
        """
        bias = None
        if self.tail_bias:
            *parts, bias = t
            t = unpack(parts)
        return Target(vector=as_real(t), bias=bias)

    def compare(self, query: Query, target: Target) -> Tensor:
        """Score queries against targets; both sides' batch dimensions broadcast.

        :param query: the queries
        :param target: the targets
        :return: shape: ``batch_dims``
        """
        scores = self.similarity(query.vector, target.vector, query.curvature)
        if query.scale is not None:
            # in place where nobody needs the scores for a gradient, as a pass over fresh memory takes longer
            scores = scores * query.scale if scores.requires_grad else scores.mul_(query.scale)
        if target.bias is not None:
            scores = scores + target.bias
        if query.bias is not None:
            scores = scores + query.bias
        return scores

    def logsumexp(
        self,
        query: Query,
        target: Target,
        activation: HardnessActivation | None = None,
        chunk_size: int | None = None,
        compile: bool = False,
    ) -> Tensor:
        r"""Stream :math:`\log\sum_t \exp(-h(-\mathrm{score}))` over all targets.

        :param query: m queries, batch shape ``(m,)``
        :param target: all n entities, batch shape ``(n,)``
        :param activation: the activation h, the identity by default
        :param chunk_size: see :func:`~pykeen_conj_hale.streaming.logsumexp.streaming_logsumexp`
        :param compile: see there
        :return: shape: ``(m,)``
        """
        return streaming_logsumexp(
            query.vector,
            target.vector,
            similarity=self.similarity.streamed,
            scale=query.scale,
            bias=target.bias,
            offset=query.bias,
            curvature=query.curvature if self.similarity.needs_curvature else None,
            activation=activation,
            chunk_size=chunk_size,
            link=self.similarity.link,
            compile=compile,
        )

    def factors(self, h: Any, r: Any, t: Any) -> Factors:
        """List the factors of triples in the decomposition of the scores' tensor, for regularizers such as N3.

        Scale, curvature and biases are none.

        :param h: the head representation(s), as for :meth:`forward`, or None to leave out their factors
        :param r: the relation representation(s), as for :meth:`forward`, or None
        :param t: the tail representation(s), as for :meth:`forward`, or None
        :return: the factors by side
        """
        heads, relations, tails = (() if x is None else parts_of(x) for x in (h, r, t))
        if self.relation_scale:
            relations = relations[:-1]
        return Factors(
            head=heads[:-1] if self.head_bias else heads,
            relation=tuple(self.relation_factors(unpack(relations))) if relations else (),
            tail=tails[:-1] if self.tail_bias else tails,
        )

    def relation_factors(self, r: Any) -> Iterable[Tensor]:
        """List the factors of relations: by default their representations; overridden where parameters are shared.

        :param r: shape: ``(*batch_dims, *dims)``, the relation representation(s), without the scale
        :return: vectors of which the moduli count, each of shape ``(*batch_dims, n)``, real or complex
        """
        return parts_of(r)

    def forward(self, h: Any, r: Any, t: Any) -> Tensor:
        """Evaluate the interaction function.

        .. seealso::
            :meth:`pykeen.nn.modules.Interaction.forward` for the generic batched form.

        :param h: shape: ``(*batch_dims, *dims)``, the head representation(s)
        :param r: shape: ``(*batch_dims, *dims)``, the relation representation(s), the scale's parameter last
        :param t: shape: ``(*batch_dims, *dims)``, the tail representation(s), the bias last
        :return: shape: ``batch_dims``, the scores
        """
        return self.compare(self.encode_query(h, r), self.encode_target(t))

    def extra_repr(self) -> str:
        """Show the options."""
        options = f"similarity={self.similarity}, relation_scale={self.relation_scale}, tail_bias={self.tail_bias}"
        # checkpoints know a model by what is shown
        return f"{options}, head_bias=True" if self.head_bias else options


def unpack(parts: Sequence[Tensor]) -> Tensor | Sequence[Tensor]:
    """Hand over a single representation as a tensor, as PyKEEN does.

    :param parts: the representations
    :return: the representation, if there is one only
    """
    return parts[0] if len(parts) == 1 else parts


def parts_of(representations: Tensor | Sequence[Tensor]) -> Sequence[Tensor]:
    """List the representations of a head, relation or tail; PyKEEN hands over a single one as a tensor.

    :param representations: the representation(s)
    :return: the representations
    """
    return [representations] if isinstance(representations, Tensor) else representations
