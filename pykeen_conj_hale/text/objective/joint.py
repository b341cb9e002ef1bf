"""Any model of PyKEEN, trained jointly with GloVe."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, ClassVar, Optional

import torch
from class_resolver import HintOrType
from pykeen.models import Model
from pykeen.nn.representation import Embedding
from pykeen.triples import KGInfo
from torch import Tensor

from ...checks import check_number, check_whole
from ...pykeen_internals import all_rows, show_options, weight_of
from ..corpus.cooccurrence import Cooccurrence
from ..over_base import OverBaseModel
from ..vectors import WordVectors
from .glove import GloVe
from .sharing import check_shareable

__all__ = ["JointGloVe"]


class JointGloVe(OverBaseModel):
    r"""A model of PyKEEN whose entities are words, too: its loss plus :math:`\lambda` times GloVe's objective.

    .. math::
        L = L_{\mathrm{KG}} + \lambda L_{\mathrm{GloVe}}

    It *is* the base model, an instance of a subclass of it with one more module. The objective joins the loss where
    PyKEEN adds regularization terms, once per step (per sub-batch, if there are any). The objective itself:
    :class:`~pykeen_conj_hale.text.objective.glove.GloVe`.

    >>> from pykeen.pipeline import pipeline
    >>> pipeline(
    ...     dataset="WN18RR-all", loss="HaLE", training_loop="QuerySampling", model="JointGloVe",
    ...     model_kwargs=dict(base="RotE", embedding_dim=32, cooccurrence="cooc.npz", weight=3.0),
    ... )  # doctest: +SKIP

    ---
    name: JointGloVe
    citation:
        author: Pennington
        year: 2014
        link: https://aclanthology.org/D14-1162/
    """

    #: The default strategy for optimizing the model's hyper-parameters
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        embedding_dim=dict(type=int, low=16, high=256, q=16),
        weight=dict(type=float, low=0.1, high=100.0, log=True),
        x_max=dict(type=float, low=1.0, high=100.0, log=True),
        exponent=dict(type=float, low=0.5, high=1.0),
    )

    glove: GloVe

    def __init__(
        self,
        *,
        triples_factory: KGInfo,
        base: HintOrType[Model] = None,
        cooccurrence: Cooccurrence | str | os.PathLike[str] | None = None,
        weight: float = 3.0,
        x_max: float = 10.0,
        exponent: float = 0.75,
        text_batch_size: int = 4096,
        tied: bool = True,
        alignment: str = "squared_distance",
        alignment_weight: float = 1.0,
        absent_weight: float = 1.0,
        absent_count: float = 0.1,
        representation: int = 0,
        embedding_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param triples_factory: the training triples, with labels of entities
        :param base: the base model, by name or class
        :param cooccurrence: the co-occurrences, or the path of their file
        :param weight: the weight λ ≥ 0 of the objective
        :param x_max: the count from which on a pair has the full weight, > 0; the paper's 100 is for billions of words
        :param exponent: the exponent α ≥ 0 of the weight of a pair
        :param text_batch_size: the number of pairs per step, ≥ 1
        :param tied: whether the word vector of an entity is its embedding; else it is drawn towards it
        :param alignment: untied, how their difference is measured: ``"squared_distance"`` or ``"cosine"``
        :param alignment_weight: untied, the weight μ ≥ 0 of their difference
        :param absent_weight: the weight ν ≥ 0 of absent pairs; 0 for GloVe as published
        :param absent_count: their count ε > 0
        :param representation: which of the entity representations is the vector, where there are several
        :param embedding_dim: the base model's, if it is given
        :param kwargs: further arguments of the base model
        :raises ValueError: if an argument is out of its range, no entity is matched, the triples have no labels, or the
            entity representation is no plain embedding
        """
        check_number("weight", weight, minimum=0)
        check_whole("text_batch_size", text_batch_size)
        self.check_base(base)
        entity_to_id = getattr(triples_factory, "entity_to_id", None)
        if entity_to_id is None:
            raise ValueError(
                f"triples_factory={triples_factory!r} has no labels, by which entities are found in the text; a "
                "TriplesFactory has them, a CoreTriplesFactory has not."
            )
        cooccurrence = _load(cooccurrence)
        if embedding_dim is not None:
            kwargs["embedding_dim"] = embedding_dim
        super().__init__(triples_factory=triples_factory, **kwargs)
        self.weight, self._index = float(weight), check_shareable(self, representation)
        self.glove = GloVe(
            cooccurrence,
            entity_to_id,
            dim=weight_of(self._embedding).embedding_dim,
            x_max=x_max,
            exponent=exponent,
            batch_size=text_batch_size,
            tied=tied,
            alignment=alignment,  # type: ignore[arg-type]
            alignment_weight=alignment_weight,
            absent_weight=absent_weight,
            absent_count=absent_count,
        )
        self._labels = list(map(str, sorted(entity_to_id, key=entity_to_id.__getitem__)))
        self._tokens, self._num_text_entities = cooccurrence.tokens, cooccurrence.num_entities

    def embed(self, ids: Tensor) -> Tensor:
        """Look entities up as real vectors, without dropout or a regularizer.

        :param ids: shape: ``(n,)``, the ids of entities
        :return: shape: ``(n, d)``, of complex embeddings the real view
        """
        # the gradient of `index_select` is made in half the time of that of an embedding's look-up
        x = all_rows(self._embedding, dropout=False).index_select(0, ids)
        vectors: Tensor = (torch.view_as_real(x) if x.is_complex() else x).flatten(start_dim=1)
        return vectors

    def collect_terms(self) -> dict[str, Tensor]:
        """Compute the objective and the base model's regularization by name, for an error that names the one at fault.

        :return: the terms, of shape ``()`` or ``(1,)``
        """
        terms = {"regularization": super().collect_regularization_term()}  # type: ignore[no-untyped-call]
        if self.weight and self.training and torch.is_grad_enabled():
            terms["GloVe"] = self.weight * self.glove(self.embed)
        return terms

    def collect_regularization_term(self) -> Tensor:
        """Add the objective to the base model's terms.

        :return: shape: ``()`` or ``(1,)``
        """
        return sum(self.collect_terms().values())  # type: ignore[return-value]

    @torch.no_grad()
    def word_vectors(self) -> WordVectors:
        """Get the vectors of all entities of the knowledge graph and all words.

        :return: the entities, in the order of their ids, and then the words, the most frequent ones first
        """
        entities = self.embed(torch.arange(self.num_entities, device=self.device))
        own = self.glove.row_tokens[len(self.glove.entity_ids) :]
        vectors = torch.cat([entities, self.glove.words[len(self.glove.words) - len(own) :]])
        # entities that only the text knows come before the words
        tokens, n = [self._tokens[i] for i in own], int((own < self._num_text_entities).sum())
        # NumPy has no bfloat16
        return WordVectors(self._labels + tokens[:n], tokens[n:], vectors.float().cpu().numpy())

    @property
    def _embedding(self) -> Embedding:
        representation = self.entity_representations[self._index]
        assert isinstance(representation, Embedding)
        return representation

    def extra_repr(self) -> str:
        """Show the weight."""
        return f"weight={self.weight}, representation={self._index}"


# `Optional`, which PyKEEN's command line compares with
show_options(
    JointGloVe.__init__,
    dict(base=(Optional[str], None), cooccurrence=(Optional[str], None)),  # noqa: UP045
)


def _load(cooccurrence: Any) -> Cooccurrence:
    """Load the co-occurrences, unless they are there already."""
    if isinstance(cooccurrence, Cooccurrence):
        return cooccurrence
    if isinstance(cooccurrence, str | os.PathLike):
        return Cooccurrence.load(cooccurrence)
    raise ValueError(f"cooccurrence={cooccurrence!r} is not allowed: give a Cooccurrence, or the path of its file.")
