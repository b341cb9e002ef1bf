"""Any model of PyKEEN with entities that are composed of words."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final, Optional, get_args

import torch
from class_resolver import HintOrType
from pykeen.models import Model
from pykeen.nn.representation import Embedding, Representation, SubsetRepresentation
from pykeen.triples import KGInfo
from pykeen.typing import TRAINING, InductiveMode
from torch import Tensor, nn

from ...checks import check_bool, check_choice
from ...nn.reflexive import ReflexiveModel
from ...pykeen_internals import show_options, some_rows
from ..objective.sharing import check_shareable
from ..over_base import OverBaseModel
from ..vectors import WordVectors
from .bag import WordBag
from .building import build, labels_of
from .features import START
from .pretrained import Fit, load_into
from .texts import TextsLike

__all__ = ["TextEntities"]

logger = logging.getLogger(__name__)

#: The length of the words' part at the start, where entities have no vectors of their own
LENGTH: Final = 3.0
#: How often training leaves a word out there
WORD_DROPOUT: Final = 0.3
#: The same beside own vectors: what is left out moves an entity, which low dimensions have no room for
WORD_DROPOUT_BESIDE_OWN: Final = 0.1


class TextEntities(OverBaseModel, ReflexiveModel):  # type: ignore[no-untyped-call]
    r"""A model of PyKEEN whose entities are composed of the words of their texts.

    It *is* the base model, an instance of a subclass of it, with a :class:`~pykeen_conj_hale.text.words.WordBag` in the
    place of the embedding of its entities. That embedding is the own vectors of the bag; its normalizer, regularizer
    and dropout are those of the composed entities. A constraint on its rows, as TransE's length of 1, is left out: own
    vectors must be free to be small. An entity without a triple in training has the vector of its words, so that it can
    be ranked.

    In PyKEEN's inductive mode ``"training"`` there are the entities before :attr:`num_trained` only: the last entity
    with a triple in training, and those before it. Datasets with the unseen entities last, as ``WN18RR-inductive``, are
    trained in it, so that no unseen entity is a negative: ``training_loop_kwargs=dict(mode="training")``.

    >>> from pykeen.pipeline import pipeline
    >>> pipeline(
    ...     dataset="WN18RR-inductive", dataset_kwargs=dict(create_inverse_triples=True),
    ...     model="TextEntities", model_kwargs=dict(base="RotE", texts="glosses.tsv", text_columns=[1, 2]),
    ...     training_loop="QuerySampling", training_loop_kwargs=dict(mode="training"),
    ...     loss="AllNeg", loss_kwargs=dict(candidates=1024),
    ... )  # doctest: +SKIP

    ---
    name: TextEntities
    citation:
        author: Daza
        year: 2021
        arxiv: 2010.03496
        link: https://arxiv.org/abs/2010.03496
    """

    #: The default strategy for optimizing the model's hyper-parameters
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        word_dropout=dict(type=float, low=0.0, high=0.6),
        own_dropout=dict(type=float, low=0.0, high=0.9),
        own_start=dict(type=float, low=0.01, high=1.0, log=True),
        length=dict(type=float, low=0.3, high=10.0, log=True),
    )

    #: The number of entities up to the last one with a triple in training
    num_trained: int
    num_entities: int

    def __init__(
        self,
        *,
        triples_factory: KGInfo,
        base: HintOrType[Model] = None,
        texts: TextsLike | None = None,
        text_columns: Sequence[int] = (-1,),
        header: str = "error",
        quoting: bool = True,
        own: bool = False,
        own_start: float = 0.1,
        own_dropout: float = 0.2,
        word_dropout: float | None = None,
        length: float | None = None,
        min_count: int = 2,
        max_length: int = 256,
        prefix_fields: Sequence[int] = (),
        prefix_lengths: Sequence[int] = (2, 7),
        vectors: str | os.PathLike[str] | None = None,
        vectors_dimension: str = "error",
        vectors_trainable: bool = True,
        min_reflexive: float = 0.01,
        representation: int = 0,
        embedding_dim: int | None = None,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the model.

        :param triples_factory: the training triples, with labels of entities
        :param base: the base model, by name or class
        :param texts: the texts of entities: a mapping of labels to texts, or the path of a table separated by tabs
        :param text_columns: the columns of the table with texts, from 0; each is a field with a weight of its own
        :param header: what becomes of the table's first row, if it has names of columns: ``"error"``, ``"drop"``, or
            ``"keep"``
        :param quoting: whether the table's fields may be quoted as in CSV
        :param own: whether entities of the training triples have vectors of their own, which are added
        :param own_start: the factor ≥ 0 of own vectors at the start, of what the base model would draw. Small, they
            leave the first distances to the texts. With 1 they hide them: text then helps Hits@10 only
        :param own_dropout: the probability in [0, 1] that an own vector is left out in training. With 0 a long training
            unlearns the words, so that entities that are unseen are lost
        :param word_dropout: the probability in [0, 1) that a word is left out in training; by default 0.3, and 0.1 with
            own vectors
        :param length: the length > 0 of the words' part at the start; by default 3. With own vectors it is the mean
            length of those that the base model would draw (3 if that is 0), so that distances start as the base's do
        :param min_count: the number of entities whose texts must have a word, ≥ 1
        :param max_length: how many words and beginnings of words of an entity count, ≥ 1
        :param prefix_fields: the fields whose words have beginnings, from 0
        :param prefix_lengths: the shortest and the longest beginning
        :param vectors: a file with vectors of words as a start, in the format of GloVe or word2vec
        :param vectors_dimension: where its vectors have another dimension: ``"error"``, or ``"project"`` to their
            principal components
        :param vectors_trainable: whether the vectors of words are trained further
        :param min_reflexive: predictions rank a query's own entity, which shares words with its answers, last where the
            share of the relation's training triples that connect an entity with itself is below this one; see
            :class:`~pykeen_conj_hale.nn.reflexive.ReflexiveModel`. 0 for no such rule
        :param representation: which of the entity representations is composed, where there are several
        :param embedding_dim: the base model's, if it is given
        :param kwargs: further arguments of the base model
        :raises ValueError: if an argument is out of its range, no entity has a text, the triples have no labels, or
            the entity representation is no plain embedding
        """
        self.check_base(base)
        if texts is None:
            raise ValueError("texts=None: give a mapping of labels to texts, or the path of a table.")
        check_bool("own", own)
        # also without a file of vectors: what is wrong would be found with one only
        check_choice("vectors_dimension", vectors_dimension, get_args(Fit))
        check_bool("vectors_trainable", vectors_trainable)
        options = dict(text_columns=text_columns, header=header, quoting=quoting, min_count=min_count)
        options.update(max_length=max_length, prefix_fields=prefix_fields, prefix_lengths=prefix_lengths)
        labels = labels_of(triples_factory)
        parts = build(triples_factory, texts, **options)  # type: ignore[arg-type]
        if embedding_dim is not None:
            kwargs["embedding_dim"] = embedding_dim
        super().__init__(triples_factory=triples_factory, **kwargs)
        self.learn_reflexive(triples_factory, min_reflexive)
        self._labels, self._index = labels, check_shareable(self, representation)
        embedding = self.entity_representations[self._index]
        assert isinstance(embedding, Embedding)
        length = _length(embedding if own else None) if length is None else length
        bag = WordBag(
            **parts,
            **_take_over(embedding),
            shape=embedding.shape,
            is_complex=embedding.is_complex,
            own=embedding if own else None,
            own_start=own_start,
            own_dropout=own_dropout,
            word_dropout=_word_dropout(own) if word_dropout is None else word_dropout,
            length=length,
        )
        if vectors is not None:
            load_into(bag, vectors, dimension=vectors_dimension, trainable=vectors_trainable)  # type: ignore[arg-type]
        assert isinstance(self.entity_representations, nn.ModuleList)
        self.entity_representations[self._index] = bag
        self.num_trained = int(bag.has_own.nonzero().max()) + 1
        _report(bag.has_own, self.num_trained)
        self._warn_of_other_vectors()

    def _warn_of_other_vectors(self) -> None:
        """Say if the base model has further vectors of entities, which no text composes."""
        shape = self.bag.shape
        others = [i for i, x in enumerate(self.entity_representations) if i != self._index and x.shape == shape]
        if others:
            logger.warning(
                "The base model has %d vectors per entity. Text composes number %d only (representation=%d): an entity "
                "without a triple in training has an untrained one as number %s.",
                len(others) + 1,
                self._index,
                self._index,
                ", ".join(map(str, others)),
            )

    @property
    def bag(self) -> WordBag:
        """The representation of entities that is composed of words."""
        bag = self.entity_representations[self._index]
        assert isinstance(bag, WordBag)
        return bag

    def add_labels(self, labels: Sequence[str]) -> None:
        """Take notice of further entities, whose representations are there.

        :param labels: their labels, in the order of their ids
        """
        self._labels = [*self._labels, *labels]
        self.num_entities = len(self._labels)

    @torch.no_grad()
    def word_vectors(self) -> WordVectors:
        """Get the vectors of all entities, and of all words, as if each were the text of an entity.

        A word that no field has but for its beginnings is left out.

        :return: the entities, in the order of their ids, and then the words, the most frequent ones first
        """
        training, bag = self.training, self.bag
        self.eval()
        tokens = torch.arange(1, len(bag.vocabulary) + 1, device=self.device).unsqueeze(dim=-1)
        words = bag.compose(tokens, torch.zeros_like(tokens))
        words = words if bag.normalizer is None else bag.normalizer(words)
        is_word = [not name.startswith(START) for name in bag.vocabulary.names]
        vectors = torch.cat([_real(bag(None)), _real(words)[torch.tensor(is_word, device=self.device)]])
        self.train(training)
        names = [name for name in bag.vocabulary.names if not name.startswith(START)]
        # NumPy has no bfloat16
        return WordVectors(self._labels, names, vectors.float().cpu().numpy())

    def _get_entity_representations_from_inductive_mode(
        self, *, mode: InductiveMode | None
    ) -> Sequence[Representation]:
        if mode != TRAINING:
            return self.entity_representations
        # not modules of the model, as they have no parameters of their own
        return [_FirstRows(x, self.num_trained) for x in self.entity_representations]

    def _get_entity_len(self, *, mode: InductiveMode | None) -> int:
        return self.num_trained if mode == TRAINING else self.num_entities


def _report(seen: Tensor, num_trained: int) -> None:
    """Say how many entities training has not, and what keeps them from being negatives."""
    unseen, last = int((~seen).sum()), len(seen) - num_trained
    if unseen:
        logger.info(
            "%d of %d entities are in no training triple. The last %d of them are no negatives with "
            "training_loop_kwargs=dict(mode='training'); the others, and all without it, are.",
            unseen,
            len(seen),
            last,
        )


class _FirstRows(SubsetRepresentation):
    """The first rows of a representation, with its normalizer, regularizer and dropout."""

    def __init__(self, base: Representation, num_rows: int) -> None:
        super().__init__(max_id=num_rows, base=base, unique=base.unique)
        self.normalizer, self.regularizer, self.dropout = base.normalizer, base.regularizer, base.dropout
        self.training = base.training


def _word_dropout(own: bool) -> float:
    """Choose how often words are left out, by whether there are own vectors."""
    return WORD_DROPOUT_BESIDE_OWN if own else WORD_DROPOUT


def _take_over(embedding: Embedding) -> dict[str, Any]:
    """Take off an embedding what it does to its rows: the base model means whole entities, not own vectors alone.

    :param embedding: the embedding, changed in place
    :return: arguments of a representation that does the same, but for a constrainer
    """
    dropout = embedding.dropout
    taken = dict(
        normalizer=embedding.normalizer,
        regularizer=embedding.regularizer,
        dropout=None if dropout is None else dropout.p,
        # by default an entity with dropout would be composed as often as it is looked up
        unique=True,
    )
    embedding.normalizer = embedding.regularizer = embedding.dropout = None
    # it sets what is stored, which an entity is not; of own vectors it would undo how small they start
    embedding.constrainer = None
    return taken


@torch.no_grad()
def _length(own: Embedding | None) -> float:
    """Choose the length of the words' part at the start: that of own vectors, if there are any and they have one."""
    mean = 0.0 if own is None else float(_real(some_rows(own, None, dropout=False)).norm(dim=-1).mean())
    return mean or LENGTH


def _real(vectors: Tensor) -> Tensor:
    """View vectors as flat real ones."""
    real = torch.view_as_real(vectors) if vectors.is_complex() else vectors
    return real.flatten(start_dim=1)


# `Optional`, which PyKEEN's command line compares with; of such mappings it makes no option
_no_option: Any = Optional[Mapping[str, Any]]  # noqa: UP045
show_options(
    TextEntities.__init__,
    dict(
        **dict.fromkeys(("base", "texts", "vectors"), (Optional[str], None)),  # noqa: UP045
        **dict.fromkeys(("word_dropout", "length"), (float, None)),
        text_columns=(_no_option, (-1,)),
        prefix_fields=(_no_option, ()),
        prefix_lengths=(_no_option, (2, 7)),
    ),
)
