"""The loss of a batch of triples as terms by name, for any loop that calls backward and an optimizer."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import torch
from pykeen.losses import Loss, UnsupportedLabelSmoothingError
from pykeen.models import Model
from pykeen.typing import InductiveMode
from torch import Tensor, nn

from ..checks import check_bool, check_number, check_whole
from ..losses.all_queries import as_query_loss
from ..losses.query_loss import QueryLoss, Term
from ..messages import OncePerTraining
from ..pykeen_internals import count_entities
from ..sharding.embedding import sharded_tables
from ..streaming.compiled import has_failed, say_why_uncompiled
from .query_batch import Rows, Scoring, StoredBatch, WholeBatch
from .sharded_batch import ShardedBatch
from .sparse_rows import sparse_lookups
from .streamed_batch import DryBatch, StreamedBatch, has_relation_scale, is_query_model

__all__ = ["HasTerms", "QueryTerms"]

logger = logging.getLogger(__name__)


@runtime_checkable
class HasTerms(Protocol):
    """A model that names the terms which it adds to the loss, so that an error can name the one at fault."""

    def collect_terms(self) -> Mapping[str, Tensor]:
        """Compute the terms, which are reset then.

        :return: scalars by name, whose sum is what ``collect_regularization_term`` gives
        """


def _own_terms(model: Model) -> Mapping[str, Tensor]:
    """Compute what a model adds to the loss: its regularization, unless it says more of it."""
    if isinstance(model, HasTerms):
        return model.collect_terms()
    return {"regularization": model.collect_regularization_term()}


class QueryTerms:
    """The terms of a loss for batches of a model, the regularization included.

    A :class:`~pykeen_conj_hale.losses.QueryLoss` says its terms itself. For any other loss of PyKEEN, all queries of a
    batch are scored against all entities.
    """

    def __init__(
        self,
        model: Model,
        loss: Loss,
        *,
        mode: InductiveMode | None = None,
        chunk_size: int | None = None,
        compile: bool = False,
    ) -> None:
        """Prepare the terms.

        :param model: the model
        :param loss: the loss
        :param mode: the inductive mode, None for transductive training
        :param chunk_size: the number of entities per chunk of the streamed scores, ≥ 1; chosen from the device by
            default
        :param compile: whether to compile the passes over the streamed scores
        :raises ValueError: if an argument is not allowed, or the model has a scale per relation which the loss refuses
        """
        if chunk_size is not None:
            chunk_size = check_whole("chunk_size", chunk_size)
        self.model, self.loss, self.compile = model, as_query_loss(loss), check_bool("compile", compile)
        if not self.loss.supports_relation_scale and has_relation_scale(model):
            raise ValueError(
                f"loss={type(loss).__name__.removesuffix('Loss')!r} cannot be combined with relation_scale=True: the "
                "scales would become 0 in place of the distances. Give model_kwargs=dict(relation_scale=False)."
            )
        #: The tables whose look-ups have sparse gradients, for an optimizer that updates their rows only
        self.sparse_tables: Sequence[nn.Embedding] = ()
        self.mode = mode
        self._scoring = Scoring(model, mode, chunk_size, compile, OncePerTraining(logger))
        self._is_sharded = any(sharded_tables(model))
        streamed = ShardedBatch if self._is_sharded else StreamedBatch
        self._batch_class = streamed if is_query_model(model) else StoredBatch

    @property
    def num_entities(self) -> int:
        """The number of all entities."""
        return count_entities(self.model, self.mode)

    def __call__(
        self, triples: Tensor, label_smoothing: float = 0.0, slice_size: int | None = None
    ) -> dict[str, Tensor]:
        """Compute the values of the terms of a whole batch.

        :param triples: shape: ``(num_triples, 3)``, ids on the model's device
        :param label_smoothing: see :meth:`of_rows`
        :param slice_size: see :meth:`of_rows`
        :return: scalars by name
        :raises UnsupportedLabelSmoothingError: if the loss cannot smooth labels
        """
        terms = self.of_rows(WholeBatch(triples), label_smoothing, slice_size)
        return {name: term.value for name, term in terms.items()}

    def of_rows(self, rows: Rows, label_smoothing: float = 0.0, slice_size: int | None = None) -> dict[str, Term]:
        """Compute the terms of the rows of a batch.

        :param rows: the rows
        :param label_smoothing: the label smoothing, for losses that support it
        :param slice_size: the number of entities per slice of the scores that are stored
        :return: the terms by name
        :raises UnsupportedLabelSmoothingError: if the loss cannot smooth labels
        """
        self.check_label_smoothing(label_smoothing)
        batch = self._batch_class(self._scoring, rows, label_smoothing=label_smoothing, slice_size=slice_size)
        with sparse_lookups(self.sparse_tables):
            terms = dict(self.loss.query_terms(batch))
            _check_terms(self.loss, terms)
            for name, value in _own_terms(self.model).items():
                # without a regularizer it has shape (1,), or is the number 0
                terms[name] = Term(torch.as_tensor(value).squeeze(), rows.num_triples)
        return terms

    def check_label_smoothing(self, label_smoothing: float) -> None:
        """Check that the loss can smooth labels, if that is asked for.

        :param label_smoothing: the label smoothing, 0 for none
        :raises ValueError: if it is no number in [0, 1)
        :raises UnsupportedLabelSmoothingError: if the loss cannot
        """
        if not label_smoothing:
            return
        check_number("label_smoothing", label_smoothing, minimum=0, below=1)
        if not self.loss.supports_label_smoothing:
            raise UnsupportedLabelSmoothingError(self.loss)

    def warm_up(self, num_triples: int, *, say_again: bool = True) -> bool:
        """Compile what the loss streams of so many triples, without touching parameters or random states.

        PyTorch compiles for the number of threads of that moment, and anew for another one. Where ``compile`` was asked
        for and there is nothing to compile, a warning says so.

        :param num_triples: the number of triples per batch
        :param say_again: whether to say that compiling has failed where it was said before
        :return: whether something is compiled
        """
        if not self.compile or self._is_sharded:
            # a process that streams its own entities compiles in its first step
            return False
        if not is_query_model(self.model):
            name = type(self.model).__name__
            self._say_nothing_compiled(f"model={name} is no query model, so that none of its scores are streamed")
            return False
        device = self.model.device
        was_said = has_failed(device.type)
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            dry = DryBatch(self._scoring, num_triples)
            self.loss.query_terms(dry)
        if not dry.has_streamed:
            name = type(self.model.loss).__name__.removesuffix("Loss")
            self._say_nothing_compiled(f"loss={name!r} streams no scores, as HaLE does")
            return False
        if was_said and say_again:
            say_why_uncompiled(device.type)
        return not has_failed(device.type)

    def _say_nothing_compiled(self, reason: str) -> None:
        # each training has its own line
        OncePerTraining(logger).warning("compile=True has no effect: %s. There is nothing to compile.", reason)


def _check_terms(loss: QueryLoss, terms: Mapping[str, Any]) -> None:
    """Check what a loss returns: scalars, each with the number of its rows.

    :param loss: the loss
    :param terms: what it returned
    :raises TypeError: if there is anything else among it
    """
    for name, term in terms.items():
        if not isinstance(term, Term) or term.value.ndim:
            found = f"a value of shape {tuple(term.value.shape)}" if isinstance(term, Term) else type(term).__name__
            raise TypeError(
                f"{type(loss).__name__}.query_terms returned {found} for {name!r}: each term must be a "
                "Term(value, num_rows) with a scalar value."
            )
