"""The query-sampling loop: positives as triples, a sample of queries against all entities."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

import torch
from pykeen.training import TrainingLoop
from pykeen.triples import CoreTriplesFactory
from torch import Tensor

from ..checks import check_bool, check_whole
from ..streaming.compiled import has_failed
from .budget.arguments import check_optimizer, refuse_sampler_and_weights
from .budget.loop import TimeBudgetMixin
from .choice import choose_loss, choose_training, record_training
from .late_loss import DeferredLossMixin
from .mapped_triples import MappedTriples, shuffled, training_triples
from .optimizer import prefer_fused
from .query_terms import QueryTerms
from .sparse_updates import choose_sparse_updates

__all__ = ["QuerySamplingTrainingLoop", "TripleBatches"]

logger = logging.getLogger(__name__)


class TripleBatches:
    """Batches of triples, drawn by index on the device where the triples are, or from their file.

    :param triples: shape: ``(num_triples, 3)``, the ids of the triples
    :param batch_size: the number of triples per batch
    :param shuffle: whether each epoch has an order of its own, from the global random state
    :param drop_last: whether to drop the last batch if it is smaller
    """

    def __init__(
        self, triples: Tensor | MappedTriples, batch_size: int, shuffle: bool = True, drop_last: bool = False
    ) -> None:
        self.triples, self.batch_size, self.shuffle, self.drop_last = triples, batch_size, shuffle, drop_last

    def __len__(self) -> int:
        full, rest = divmod(len(self.triples), self.batch_size)
        return full + (1 if rest and not self.drop_last else 0)

    def __iter__(self) -> Iterator[Tensor]:
        triples = shuffled(self.triples) if self.shuffle else self.triples
        for start in range(0, len(self) * self.batch_size, self.batch_size):
            yield triples[start : start + self.batch_size]


class QuerySamplingTrainingLoop(TimeBudgetMixin[Tensor], DeferredLossMixin[Tensor], TrainingLoop[Tensor]):
    r"""A training loop for losses that compare a sample of a batch's queries with all entities.

    Each triple (h, r, t) of a batch is a positive and holds the query (h, r, ?). A
    :class:`~pykeen_conj_hale.losses.QueryLoss` asks for what it needs: of
    :class:`~pykeen_conj_hale.losses.HaLELoss` the positives are scored as triples, and a fraction α of the queries is
    scored against all entities. Query models stream those scores: they are never stored. Any other model of PyKEEN that
    can score tails works too, at the speed of its own 1-to-N scoring.

    Head prediction is the tail prediction of reciprocal relations (``create_inverse_triples=True``). Without them both
    directions are trained all the same: heads by the model's scores of all heads, which is slower.

    With any other loss of PyKEEN all queries of a batch are scored against all entities, and the loss sees the rows of
    scores with one positive each.

    What is not said is chosen from the graph, for losses that name their learning rate, as HaLE does: the arguments of
    HaLE, the batch size, the number of epochs, and Adam's learning rate with a decay over the training. See
    :mod:`~pykeen_conj_hale.training.choice`, and ``choose`` below.

    With a sample of candidates (HaLE, AllNeg) and 100,000 entities or more, a step updates only the rows of entities
    that it looks up, so that its time does not grow with the graph: by
    :class:`~pykeen_conj_hale.training.lazy_adam.LazyAdam` for Adam, and by Adagrad and plain SGD themselves.

    The optimizer is fused where PyTorch can (``optimizer_kwargs=dict(fused=False)`` for its default). The losses of a
    CUDA device are read one step late: see :class:`~pykeen_conj_hale.training.late_loss.DeferredLossMixin`.
    """

    hpo_default: ClassVar[Mapping[str, Any]] = dict(  # type: ignore[assignment, misc]
        batch_size=dict(type=int, low=9, high=12, scale="power_two"),  # [512, 4096]: 256 is PyKEEN's default
    )

    def __init__(
        self,
        *,
        chunk_size: int | None = None,
        compile: bool = False,
        sparse_updates: bool | None = None,
        choose: bool = True,
        **kwargs: Any,
    ) -> None:
        """Initialize the training loop.

        :param chunk_size: the number of entities per chunk of the streamed scores, ≥ 1; chosen from the device by
            default
        :param compile: whether to compile the passes over the streamed scores before the first step; without a working
            compiler, or scores that are streamed, each training says so and runs uncompiled
        :param sparse_updates: whether a step updates only the rows of entities that it looks up; by default where there
            are 100,000 entities or more, and loss, model and optimizer allow it
        :param choose: whether the loop chooses what is not said. PyKEEN's own 5 epochs and batches of 256, from its
            pipeline, and a learning rate of 0.001 then mean that nothing was said. With False they are what they say
        :param kwargs: ``time_budget``, the seconds of training (see
            :class:`~pykeen_conj_hale.training.TimeBudgetMixin`), and the arguments of
            :class:`pykeen.training.TrainingLoop`
        :raises ValueError: if chunk_size is less than 1, choose neither true nor false, or sparse updates are asked for
            and not possible
        """
        if sparse_updates is not None:
            check_bool("sparse_updates", sparse_updates)
        super().__init__(**kwargs)
        self.choose = check_bool("choose", choose)
        # that of the last training
        self._batch_size: int | None = None
        # whether there is something to compile, and the number of threads that it is compiled for
        self._is_compiling = self._has_failed_before = False
        self._compiled_for: int | None = None
        choose_loss(self.model, kwargs["triples_factory"])
        self.terms = QueryTerms(self.model, self.model.loss, mode=self.mode, chunk_size=chunk_size, compile=compile)
        choose_sparse_updates(self.terms, self.optimizer, sparse_updates)
        prefer_fused(self.optimizer)

    def train(  # type: ignore[override]
        self,
        triples_factory: CoreTriplesFactory,
        num_epochs: int = 1,
        batch_size: int | None = None,
        *,
        continue_training: bool = False,
        **kwargs: Any,
    ) -> list[float] | None:
        """Train the model; see :meth:`TimeBudgetMixin.train`.

        :param triples_factory: the training triples
        :param num_epochs: the number of epochs; ignored if there is a time budget
        :param batch_size: the number of triples per batch; by default what is best for the kind of graph, and that of
            the training that goes on
        :param continue_training: whether to go on with the parameters, and with what is left of the budget. Then
            nothing is chosen: the learning rate and its schedule stay, and all numbers are what they say
        :param kwargs: as there
        :return: the losses of the epochs
        :raises ValueError: if an argument is not allowed; and what is raised there
        """
        # before something is chosen: a refused optimizer stays as it is
        check_optimizer(self, {**kwargs, "continue_training": continue_training})
        if batch_size is not None:
            check_whole("batch_size", batch_size)
        check_whole("num_epochs", num_epochs, minimum=0)
        # a loop that has not trained yet goes on from a checkpoint at most, which was written with what is chosen here
        goes_on = continue_training is True and bool(getattr(self.optimizer, "state", None) or self.num_steps)
        if goes_on and batch_size is None:
            batch_size = self._batch_size
        num_epochs, batch_size = choose_training(self, triples_factory, num_epochs, batch_size, goes_on)
        self._batch_size = batch_size
        record_training(self, num_epochs, batch_size)
        return super().train(triples_factory, num_epochs, batch_size, continue_training=continue_training, **kwargs)

    def _create_training_data_loader(  # type: ignore[override]
        self,
        triples_factory: CoreTriplesFactory,
        *,
        sampler: str | None,
        batch_size: int,
        drop_last: bool,
        shuffle: bool = True,
        **kwargs: Any,
    ) -> TripleBatches:
        refuse_sampler_and_weights(self, sampler, "query-sampling")
        # num_workers and pin_memory have nothing to do: the triples are on the device, or mapped
        triples = training_triples(triples_factory, triples_factory, self.device)
        return TripleBatches(triples, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last)

    @staticmethod
    def _get_batch_size(batch: Tensor) -> int:
        return len(batch)

    def _process_batch(
        self, batch: Tensor, start: int, stop: int, label_smoothing: float = 0.0, slice_size: int | None = None
    ) -> Tensor:
        terms = self.terms(batch[start:stop].to(self.device), label_smoothing, slice_size)
        # for the record only: with its graph no tensor can be copied, and its memory stays
        self.batch_terms = {name: term.detach() if isinstance(term, Tensor) else term for name, term in terms.items()}
        loss: Tensor = sum(terms.values())  # type: ignore[assignment]
        return loss

    def _train(self, *args: Any, **kwargs: Any) -> list[float] | None:
        if not kwargs.get("only_size_probing"):
            self._is_compiling, self._compiled_for = self.terms.compile, None
            # what fails first in this training, maybe where memory is probed or threads are tried, is said there
            self._has_failed_before = has_failed(self.device.type)
        return super()._train(*args, **kwargs)

    def _choose_threads(self, batches: Any, **kwargs: Any) -> None:
        """Choose the number of threads, and compile for it: PyTorch compiles anew for another number."""
        super()._choose_threads(batches, **kwargs)
        num_threads = torch.get_num_threads()
        if not self._is_compiling or num_threads == self._compiled_for:
            return
        # a progress bar has the batches in it
        loader: TripleBatches = getattr(batches, "iterable", batches)
        size = min(loader.batch_size, len(loader.triples))
        size = min(size, kwargs.get("sub_batch_size") or size)
        with self.phase("set-up"):
            start = time.perf_counter()
            self._is_compiling = self.terms.warm_up(size, say_again=self._has_failed_before)
            seconds = time.perf_counter() - start
        self._compiled_for = num_threads
        if self._is_compiling:
            logger.info("Compiled in %.1f s; the time budget does not count them.", seconds)

    def _slice_size_search(self, **kwargs: Any) -> int:
        raise MemoryError(
            "The model cannot be trained on this hardware with these parameters; a smaller batch_size may help."
        )
