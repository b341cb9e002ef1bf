"""A representation of entities by the words of their texts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from pykeen.nn.representation import Embedding, Representation
from pykeen.triples import TriplesFactory
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import Self

from ...checks import check_bool, check_number
from ...pykeen_internals import parameter_versions, some_rows, weight_of
from ..corpus.fingerprint import fingerprint_of
from .building import build
from .composition import WordSum
from .features import TextFeatures
from .shared_rows import SharedRows
from .vocabulary import PAD, EncodedTexts, Vocabulary

__all__ = ["WordBag", "append_rows"]


class WordBag(Representation):
    r"""Entities composed of the vectors of the words of their texts, and of vectors of their own.

    .. math::
        x_e = \ell\, \frac{s_e}{\|s_e\|} + m_e\, o_e

    The sum :math:`s_e` over the words is that of :class:`~pykeen_conj_hale.text.words.composition.WordSum`; the length
    :math:`\ell > 0` is learned. The own vector :math:`o_e` is there for entities with a triple in training only, and in
    training left out with the probability q: its mask :math:`m_e` is 0 or 1. So an entity which training has not seen
    still has a vector. A text without a known word has a learned vector in the place of :math:`s_e / \|s_e\|`.

    A look-up composes the entities that are looked up. Without gradients, outside of training, the table of all
    entities is composed once, and again when a parameter has changed, or after training. A change through ``.data`` is
    not noticed: call ``train()`` and ``eval()`` after it.

    ---
    name: Bag of words
    """

    tokens: Tensor
    kinds: Tensor
    has_own: Tensor
    #: The number of texts, and their digest: no parameter has them, so that a training is compared by it with another
    texts: str

    def __init__(
        self,
        max_id: int | None = None,
        shape: int | Sequence[int] = 64,
        *,
        encoded: EncodedTexts,
        vocabulary: Vocabulary,
        features: TextFeatures,
        max_length: int = 256,
        is_complex: bool = False,
        own: Embedding | None = None,
        has_own: Tensor | None = None,
        own_start: float = 1.0,
        own_dropout: float = 0.0,
        word_dropout: float = 0.3,
        length: float = 1.0,
        **kwargs: Any,
    ) -> None:
        r"""Initialize the representation.

        :param max_id: the number of entities; None for that of the texts
        :param shape: the shape of a vector
        :param encoded: the texts of the entities as numbers
        :param vocabulary: the features that have vectors
        :param features: what lists the features of a text, for further texts
        :param max_length: how many features a further text may have
        :param is_complex: whether the vectors are complex; their words' vectors are pairs of real numbers then
        :param own: the own vectors, of the same shape and type; None for none. What this embedding does to its rows, as
            a constrainer or dropout, is done to own vectors alone
        :param has_own: shape: ``(max_id,)``, which entities have one; all by default
        :param own_start: the factor ≥ 0 of own vectors at the start, of what their initializer gives
        :param own_dropout: the probability q in [0, 1] that an own vector is left out in training
        :param word_dropout: the probability in [0, 1) that a word is left out in training
        :param length: the length ℓ > 0 of the words' part at the start
        :param kwargs: further arguments of :class:`pykeen.nn.representation.Representation`
        :raises ValueError: if an argument is out of its range, or the numbers of entities differ
        """
        num_entities = len(encoded.tokens)
        if max_id not in (None, num_entities) or (own is not None and own.max_id != num_entities):
            raise ValueError(
                f"max_id={max_id!r} is not allowed: there are the texts of {num_entities} entities, and own vectors of "
                f"{'none' if own is None else own.max_id}; the numbers must be the same."
            )
        self.own_start = check_number("own_start", own_start, minimum=0)
        check_number("own_dropout", own_dropout, minimum=0, maximum=1)
        check_number("word_dropout", word_dropout, minimum=0, below=1)
        self._log_length = math.log(check_number("length", length, above=0))
        super().__init__(max_id=num_entities, shape=shape, **kwargs)
        self.vocabulary, self.features, self.own, self.own_dropout = vocabulary, features, own, float(own_dropout)
        self.max_length, self._is_complex = max_length, check_bool("is_complex", is_complex)
        dim = math.prod(self.shape) * (2 if is_complex else 1)
        self.words = WordSum(vocabulary.idf(), features.num_kinds, dim, dropout=float(word_dropout))
        self.log_length = nn.Parameter(torch.empty(()))
        self.unknown = nn.Parameter(torch.empty(dim))
        mask = torch.ones(num_entities, dtype=torch.bool) if has_own is None else has_own
        for name, buffer in {"tokens": encoded.tokens, "kinds": encoded.kinds, "has_own": mask}.items():
            self.register_buffer(name, buffer, persistent=False)
        self.texts = _digest(self.tokens, self.kinds)
        self._table: tuple[Any, Tensor] | None = None
        self._shared: SharedRows | None = None
        self.reset_parameters()

    @classmethod
    def from_triples_factory(
        cls, triples_factory: TriplesFactory, texts: Any, *, text_columns: Sequence[int] = (-1,), **kwargs: Any
    ) -> Self:
        """Make the representation of the entities of a triples factory.

        :param triples_factory: the training triples, with labels of entities
        :param texts: the texts; see :func:`~pykeen_conj_hale.text.words.texts.as_texts`
        :param text_columns: see there
        :param kwargs: arguments of :func:`~pykeen_conj_hale.text.words.building.build` and of :meth:`__init__`
        :return: the representation
        """
        return cls(**build(triples_factory, texts, text_columns=text_columns, **kwargs))

    def reset_parameters(self) -> None:
        """Draw all vectors anew."""
        self.words.reset_parameters()
        nn.init.constant_(self.log_length, self._log_length)
        nn.init.normal_(self.unknown, std=len(self.unknown) ** -0.5)
        if self.own is not None:
            self.own.reset_parameters()
            with torch.no_grad():
                weight_of(self.own).weight.mul_(self.own_start)

    def post_parameter_update(self) -> None:
        """Apply the constraints of the own vectors."""
        super().post_parameter_update()  # type: ignore[no-untyped-call]
        if self.own is not None:
            self.own.post_parameter_update()  # type: ignore[no-untyped-call]

    def train(self, mode: bool = True) -> Self:
        """Set the mode; training forgets the table of all entities.

        :param mode: whether it is that of training. PyKEEN's models set the other one before each batch of predictions
        :return: the representation
        """
        if mode:
            self._table = None
        return super().train(mode)

    @contextmanager
    def composed(self, ids: Tensor | None) -> Iterator[None]:
        """Compose entities once, with their dropout: all look-ups of them in this context take these.

        How many of the ids are distinct is asked of the device: on CUDA the host waits for it, here and where PyKEEN
        looks entities up. With each id composed as often as it is there, memory would grow with the batch.

        :param ids: any shape, all entities that are looked up by id within; None for all entities of the table
        """
        distinct = None if ids is None else ids.unique()  # type: ignore[no-untyped-call]
        self._shared = SharedRows(self._compose(distinct), distinct, self.max_id)
        try:
            yield
        finally:
            self._shared = None

    def _plain_forward(self, indices: Tensor | None = None) -> Tensor:
        if self._shared is not None and self._shared.serves(indices):
            return self._shared(indices)
        if self.training or torch.is_grad_enabled():
            self._table = None
        else:
            versions = parameter_versions(self)
            if self._table is not None and self._table[0] != versions:
                self._table = None
            if indices is None and self._table is None:
                # an ordinary tensor, also where an evaluation is the first to ask for it: who takes the table later
                # may compute gradients of something else with it
                with torch.inference_mode(False), torch.no_grad():
                    self._table = versions, self._compose(None)
            if self._table is not None:
                return self._table[1] if indices is None else self._table[1][indices]
        if indices is None:
            return self._compose(None)
        return self._compose(indices.flatten()).view(*indices.shape, *self.shape)

    def _compose(self, ids: Tensor | None) -> Tensor:
        """Compose entities; all by default. Shape: ``(n, *shape)``."""
        at = slice(None) if ids is None else ids
        x = self.compose(self.tokens[at], self.kinds[at])
        if self.own is None:
            return x
        mask = self.has_own[at]
        if self.training and self.own_dropout:
            mask = mask & (torch.rand(len(mask), device=mask.device) >= self.own_dropout)
        return x + some_rows(self.own, ids) * mask.view(-1, *[1] * len(self.shape))

    def compose(self, tokens: Tensor, kinds: Tensor) -> Tensor:
        """Compose the words' part of vectors.

        :param tokens: shape: ``(n, L)``, the numbers of features
        :param kinds: shape: ``(n, L)``, their kinds
        :return: shape: ``(n, *shape)``
        """
        sums, known = self.words(tokens, kinds)
        direction = torch.where(known.unsqueeze(dim=-1), functional.normalize(sums, dim=-1), self.unknown)
        x = self.log_length.exp() * direction
        if self._is_complex:
            x = torch.view_as_complex(x.view(len(x), -1, 2))
        return x.view(-1, *self.shape)

    def append(self, encoded: EncodedTexts) -> None:
        """Add entities by their texts. They have no vectors of their own.

        :param encoded: the texts as numbers of this vocabulary
        """
        length = max(self.tokens.shape[1], encoded.tokens.shape[1])
        device, number = self.tokens.device, len(encoded.tokens)
        self.tokens = _stack(self.tokens, encoded.tokens.to(device), length)
        self.kinds = _stack(self.kinds, encoded.kinds.to(device), length)
        self.texts = _digest(self.tokens, self.kinds)
        self.has_own = torch.cat([self.has_own, self.has_own.new_zeros(number)])
        self.max_id += number
        if self.own is not None:
            append_rows(self.own, weight_of(self.own).weight.new_zeros(number, weight_of(self.own).embedding_dim))

    def iter_extra_repr(self) -> Iterable[str]:
        """Show the options."""
        yield from super().iter_extra_repr()
        yield f"own_dropout={self.own_dropout}"

    def __getstate__(self) -> dict[str, Any]:
        """Leave out the tables, which are composed anew."""
        return {**self.__dict__, "_table": None, "_shared": None}


def append_rows(embedding: Embedding, rows: Tensor) -> None:
    """Add rows to an embedding.

    :param embedding: the embedding
    :param rows: shape: ``(n, d)``, real, as the module behind the embedding has them
    """
    module = weight_of(embedding)
    with torch.no_grad():
        module.weight = nn.Parameter(torch.cat([module.weight, rows]), requires_grad=module.weight.requires_grad)
    module.num_embeddings += len(rows)
    embedding.max_id += len(rows)


def _digest(tokens: Tensor, kinds: Tensor) -> str:
    """Tell texts as numbers by their number and a digest, which is the same in each process."""
    arrays = (numbers.cpu().numpy().tobytes() for numbers in (tokens, kinds))
    return f"{len(tokens)} texts with SHA-256 {fingerprint_of(repr(tuple(tokens.shape)).encode(), *arrays)}"


def _stack(one: Tensor, other: Tensor, length: int) -> Tensor:
    """Put rows of different lengths below each other, filled up with :data:`PAD`."""
    return torch.cat([functional.pad(x, (0, length - x.shape[1]), value=PAD) for x in (one, other)])
