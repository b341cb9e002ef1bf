"""Query sampling under PyTorch Lightning: several devices, mixed precision, Lightning's checkpoints and limits."""

from __future__ import annotations

import functools
import hashlib
import logging
from collections.abc import Mapping
from typing import Any

import torch
from class_resolver import HintOrType
from pykeen.contrib.lightning import LitModule
from pykeen.datasets import Dataset
from pykeen.regularizers import NormLimitRegularizer, OrthogonalityRegularizer
from pykeen.triples import CoreTriplesFactory
from pykeen.utils import get_batchnorm_modules
from torch import Tensor
from torch.nn import SyncBatchNorm
from torch.optim import Optimizer

from ...datasets.cache import get_dataset_locked
from ...losses import HaLELoss
from ...pykeen_internals import add_inverse_triples
from ..budget.checkpoint import CheckpointError
from ..budget.clock import Stopwatch
from ..late_loss import LateLoss, reads_late
from ..optimizer import prefer_fused
from ..query_terms import QueryTerms
from .global_batches import BatchShare, GlobalBatches, check_same

__all__ = ["QuerySamplingLitModule"]

logger = logging.getLogger(__name__)

#: Those of PyKEEN's regularizers which are sums over the rows of a batch, and not means
_SUMMING_REGULARIZERS = (NormLimitRegularizer, OrthogonalityRegularizer)
#: Where a checkpoint keeps what it was made with
_CHECKPOINT_KEY = "pykeen_conj_hale"


class QuerySamplingLitModule(LitModule):
    r"""Query sampling for :class:`pytorch_lightning.Trainer`, on any number of devices.

    The loss is that of :class:`~pykeen_conj_hale.training.QuerySamplingTrainingLoop`, and so are the models and losses
    that go with it. A step is that of one *global* batch of ``batch_size`` triples, whatever the number W of processes:
    they share its triples and its sample of queries, as evenly as possible. Lightning's strategy ``"ddp"`` averages the
    gradients of the processes' losses, which are weighted so that the average is the global loss,

    .. math::
        L = \frac{1}{W} \sum_p \Big( \frac{W n_p}{n} A_p + \frac{W k_p}{k} U_p + \frac{W n_p}{n} R_p \Big)

    with the means A, U and R over the process's :math:`n_p` of n positives (alignment, regularization) and
    :math:`k_p` of k sampled queries (uniformity). So losses and parameters do not depend on W, but for rounding, and
    for dropout, and for batch normalization, whose statistics are those of each process's own share unless the trainer
    has ``sync_batchnorm=True`` (on GPUs). Without a query model, regularizers see triples and sampled queries in one
    sum: R is exact where all shares have the same size.

    Logged each epoch: ``train_loss`` and ``val_loss``, the means over the triples of all processes (the validation's
    order and sample are the same in each epoch); ``seconds``, the time spent in training so far (validation and the
    writing of checkpoints are not counted), and ``triples_per_second``, of all processes in this epoch.
    """

    def __init__(
        self,
        *,
        chunk_size: int | None = None,
        compile: bool = False,
        drop_last: bool | None = None,
        random_seed: int | None = None,
        dataset: HintOrType[Dataset] = "nations",
        dataset_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the module.

        :param chunk_size: the number of entities a chunk of the streamed scores, ≥ 1; chosen from the device by default
        :param compile: whether to compile the passes over the streamed scores before training
        :param drop_last: whether to drop the last batch of an epoch if it is smaller; by default for models with batch
            normalization, as in PyKEEN's loops
        :param random_seed: what the order of the triples and the samples of queries depend on; by default drawn from
            the global random state of the first process; a run that is resumed keeps its own
        :param dataset: the dataset, which the processes of a machine load one after the other
        :param dataset_kwargs: its arguments
        :param kwargs: arguments of :class:`pykeen.contrib.lightning.LitModule`: ``model``, ``batch_size`` (the number
            of triples a step, over all processes), ``learning_rate``, ``optimizer`` etc. The optimizer is fused where
            PyTorch can (``optimizer_kwargs=dict(fused=False)`` for its default).
        :raises ValueError: if batch_size or chunk_size is less than 1
        :raises UnsupportedLabelSmoothingError: if label smoothing is requested with HaLE
        """
        super().__init__(dataset=get_dataset_locked(dataset, dataset_kwargs), **kwargs)
        if self.batch_size < 1:
            raise ValueError(f"batch_size={self.batch_size} must be at least 1.")
        if isinstance(self.loss, HaLELoss):
            self.loss.refuse(self.label_smoothing)
        self.terms = QueryTerms(self.model, self.loss, mode=self.mode, chunk_size=chunk_size, compile=compile)
        self.drop_last = bool(get_batchnorm_modules(self.model)) if drop_last is None else drop_last
        self.random_seed = random_seed
        self.stopwatch = Stopwatch()
        self._epoch_start = (0.0, 0)  # seconds and triples at the start of the epoch
        self._num_triples = 0
        self._pending: LateLoss | None = None

    @property
    def seconds(self) -> float:
        """The seconds of training so far."""
        return self.stopwatch.elapsed("training")

    # --- the loss

    def share_terms(self, share: BatchShare) -> dict[str, Tensor]:
        """Compute the terms of a process's loss, the mean of which over all processes is the global loss.

        :param share: the process's share of a global batch
        :return: scalars by name
        """
        n = share.num_triples
        if isinstance(self.loss, HaLELoss):
            k = self.loss.num_sampled(n)
            # a process without a sampled query has one of weight 0: it has to take part in the averaging
            sampled = slice(max(1, share.num_own(k)))
            terms = self.terms(share.triples, sampled=sampled)
            weights = {"uniformity": share.weight(k)}
        else:
            terms = self.terms(share.triples, self.label_smoothing)
            weights = {}
            if self.loss.reduction == "sum":
                weight = float(share.world_size if share.num_own(n) else 0)
                weights = dict.fromkeys(terms.keys() - {"regularization"}, weight)
        return {name: term * weights.get(name, share.weight(n)) for name, term in terms.items()}

    def _step(self, batch: BatchShare, prefix: str) -> Tensor:
        terms = self.share_terms(batch)
        # without a regularizer its term has shape (1,)
        loss: Tensor = sum(terms.values()).squeeze()  # type: ignore[union-attr]
        if prefix == "train":
            self._num_triples += batch.num_triples
            late = LateLoss(loss, terms, self.global_step + 1)
            self._check_pending()
            if reads_late(loss):
                self._pending = late
            else:
                late.check()
        # reduced over processes once an epoch: a step does not wait for it
        self.log(f"{prefix}_loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=batch.num_triples)
        return loss

    def _check_pending(self) -> None:
        if self._pending is not None:
            self._pending.check()
        self._pending = None

    # --- the data

    def _dataloader(self, triples_factory: CoreTriplesFactory, shuffle: bool = False) -> GlobalBatches:  # type: ignore[override]
        # PyKEEN's validation triples have the ids of relations without inverses: the training's factory maps them too
        triples = add_inverse_triples(self.dataset.training, triples_factory.mapped_triples)
        return GlobalBatches(
            triples.to(self.device),
            self.batch_size,
            seed=self._common_seed(),
            rank=self.trainer.global_rank,
            world_size=self.trainer.world_size,
            reshuffle=shuffle,
            drop_last=shuffle and self.drop_last,
        )

    def _common_seed(self) -> int:
        """Agree on a seed, and on the data."""
        seed = int(torch.randint(2**31, ())) if self.random_seed is None else self.random_seed
        self.random_seed, digest = self.trainer.strategy.broadcast((seed, self._digest))
        if digest != self._digest:
            raise ValueError(
                f"The training triples of process {self.trainer.global_rank} are not those of process 0: the dataset "
                "must be the same, in the same order, in all processes; fix the seed of a random split."
            )
        return self.random_seed

    @functools.cached_property
    def _digest(self) -> str:
        """Identify the training triples."""
        return hashlib.sha256(self.dataset.training.mapped_triples.numpy().tobytes()).hexdigest()

    # --- Lightning's hooks

    def configure_optimizers(self) -> Optimizer:
        """Make the optimizer."""
        optimizer: Optimizer = super().configure_optimizers()  # type: ignore[no-untyped-call]
        prefer_fused(optimizer)
        return optimizer

    def on_fit_start(self) -> None:
        """Refuse what would be wrong with several processes, and compile.

        :raises ValueError: if the model cannot be trained in so many processes
        """
        self.stopwatch.switch(None)
        self._pending = None
        if (world_size := self.trainer.world_size) > 1:
            self._check_world(world_size)
        self.terms.warm_up(-(-self.batch_size // world_size))

    def _check_world(self, world_size: int) -> None:
        summing = {type(m).__name__ for m in self.model.modules() if isinstance(m, _SUMMING_REGULARIZERS)}
        if summing:
            raise ValueError(
                f"An average over {world_size} processes cannot give sums over the rows of a batch, which these are: "
                f"{', '.join(sorted(summing))}. Use a regularizer that is a mean (Lp, power sum, N3), or one device."
            )
        norms = get_batchnorm_modules(self.model)
        if norms and self.batch_size < 2 * world_size:
            raise ValueError(
                f"batch_size={self.batch_size} leaves less than two triples for each of {world_size} processes, which "
                "batch normalization needs."
            )
        if self.trainer.is_global_zero and not all(isinstance(norm, SyncBatchNorm) for norm in norms):
            logger.warning(
                "%s has batch normalization: its statistics are those of each process's own share of a batch. On GPUs "
                "Trainer(sync_batchnorm=True) makes them those of the whole batch.",
                type(self.model).__name__,
            )

    def on_before_zero_grad(self, optimizer: Optimizer) -> None:
        """Do nothing: Lightning calls this between the loss and its gradient, where no parameter may change."""

    def on_train_batch_end(self, *args: Any) -> None:
        """Let the model constrain its parameters after a step."""
        self.model.post_parameter_update()

    def on_train_epoch_start(self) -> None:
        """Start to count an epoch."""
        self._epoch_start = (self.seconds, self._num_triples)
        self.stopwatch.switch("training")

    def on_train_batch_start(self, *args: Any) -> None:
        """Go on counting after a validation or a checkpoint in the middle of an epoch."""
        self.stopwatch.switch("training")

    def on_validation_start(self) -> None:
        """Count no validation."""
        self.stopwatch.switch(None)

    def on_train_epoch_end(self) -> None:
        """Log time and speed."""
        self._check_pending()  # waits for the device
        self.stopwatch.switch(None)
        seconds, num_triples = self._epoch_start
        spent = self.seconds - seconds
        self.log("seconds", self.seconds, sync_dist=True)
        if spent > 0:
            self.log("triples_per_second", (self._num_triples - num_triples) / spent, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what the checkpoint was made with.

        :param checkpoint: the checkpoint, changed in place
        """
        self.stopwatch.switch(None)
        checkpoint[_CHECKPOINT_KEY] = dict(
            made_with=self._made_with(), random_seed=self.random_seed, seconds=self.seconds
        )

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Refuse the checkpoint of another model, loss or dataset.

        :param checkpoint: the checkpoint
        :raises CheckpointError: if it is not one of this module
        """
        state = checkpoint.get(_CHECKPOINT_KEY)
        if state is None:
            raise CheckpointError(
                f"The checkpoint was not written by {type(self).__name__}; it cannot be resumed from."
            )
        check_same(state["made_with"], self._made_with())
        self.random_seed = state["random_seed"]
        self.stopwatch.reset({"training": state["seconds"]})
        self._epoch_start = (self.seconds, self._num_triples)

    def _made_with(self) -> dict[str, str]:
        return dict(model=type(self.model).__name__, loss=repr(self.loss), training_triples=self._digest)
