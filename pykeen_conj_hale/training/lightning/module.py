"""Query sampling under PyTorch Lightning: several devices, mixed precision, Lightning's checkpoints and limits."""

from __future__ import annotations

import functools
import sys
from collections.abc import Mapping
from typing import Any

import torch
from class_resolver import HintOrType
from pykeen.contrib.lightning import LitModule
from pykeen.datasets import Dataset
from pykeen.optimizers import optimizer_resolver
from pykeen.triples import CoreTriplesFactory
from pykeen.utils import get_batchnorm_modules
from torch import Tensor
from torch.optim import Optimizer

from ...checks import check_bool, check_whole
from ...datasets.cache import get_dataset_locked
from ...description import describe
from ...pykeen_internals import forget_computed
from ...sharding.embedding import sharded_tables
from ..budget.checkpoint import CheckpointError
from ..budget.state import compare_settings
from ..choice import choose_loss
from ..digest import digest_of
from ..late_loss import LossCheck
from ..mapped_triples import training_triples
from ..optimizer import prefer_fused
from ..query_terms import QueryTerms
from ..sparse_rows import set_aside, summed_rows
from ..sparse_updates import choose_sparse_updates
from .batch_share import BatchShare
from .global_batches import GlobalBatches, check_same
from .processes import check_processes
from .sharded_entities import average_gradients, check_trainer, give_rows, with_sharded_entities
from .speed import TrainingSpeed, say_spent_time
from .strategy import EntityShardsStrategy

__all__ = ["QuerySamplingLitModule"]

#: Where a checkpoint keeps what it was made with
_CHECKPOINT_KEY = "pykeen_conj_hale"


class QuerySamplingLitModule(LitModule):
    r"""Query sampling for :class:`pytorch_lightning.Trainer`, on any number of devices.

    The loss is that of :class:`~pykeen_conj_hale.training.QuerySamplingTrainingLoop`, and so are the models and losses
    that go with it. A step is that of one *global* batch of ``batch_size`` triples, whatever the number W of processes:
    they share its triples and its sample of queries, as evenly as possible. Lightning's strategy ``"ddp"`` averages the
    gradients of the processes' losses, in which each term is weighted so that the average is the global loss,

    .. math::
        L = \sum_T \frac{1}{W} \sum_p \frac{W n_{Tp}}{n_T} T_p

    with the means :math:`T_p` of the term T over the :math:`n_{Tp}` of its :math:`n_T` rows that process p has. Of HaLE
    these rows are the triples (alignment, regularization) and the sampled queries (uniformity). So losses and
    parameters do not depend on W, with these exceptions: rounding; dropout; batch normalization, whose statistics are
    those of each process's own share unless the trainer has ``sync_batchnorm=True`` (on GPUs); and the regularization
    of models that are no query models, whose regularizers see triples and sampled queries in one sum: it is exact where
    all shares have the same size.

    Logged after each epoch:

    - ``train_loss`` and ``val_loss``, the means over the triples of all processes; the order and the sample of the
      validation are the same in each epoch;
    - ``seconds``, the time of training so far, without validation and the writing of checkpoints;
    - ``triples_per_second``, of all processes in this epoch.
    """

    def __init__(
        self,
        *,
        chunk_size: int | None = None,
        compile: bool = False,
        drop_last: bool | None = None,
        random_seed: int | None = None,
        shard_entities: bool = False,
        dataset: HintOrType[Dataset] = "nations",
        dataset_kwargs: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """Initialize the module.

        :param chunk_size: the number of entities per chunk of the streamed scores, ≥ 1; chosen from the device by
            default
        :param compile: whether to compile the passes over the streamed scores before training
        :param drop_last: whether to drop the last batch of an epoch if it is smaller; by default for models with batch
            normalization, as in PyKEEN's loops
        :param random_seed: the seed of the order of the triples and of the samples of queries. By default the first
            process draws it from its global random state. A run that is resumed keeps its own.
        :param shard_entities: whether the processes share the entities, of which none has all; with
            ``Trainer(strategy="entity_shards")``
        :param dataset: the dataset, which the processes of a machine load one after the other
        :param dataset_kwargs: its arguments
        :param kwargs: arguments of :class:`pykeen.contrib.lightning.LitModule`: ``model``, ``batch_size`` (the number
            of triples per step, over all processes), ``learning_rate``, ``optimizer`` etc. The optimizer is fused where
            PyTorch can (``optimizer_kwargs=dict(fused=False)`` for its default).
        :raises ValueError: if batch_size or chunk_size is less than 1, random_seed is no whole number, drop_last is no
            bool, or the model's entities cannot be sharded
        :raises UnsupportedLabelSmoothingError: if label smoothing is asked for with a loss that cannot do it
        """
        self.shard_entities = check_bool("shard_entities", shard_entities)
        if shard_entities:
            kwargs["model_kwargs"] = with_sharded_entities(kwargs.get("model"), kwargs.get("model_kwargs"))
        super().__init__(dataset=get_dataset_locked(dataset, dataset_kwargs), **kwargs)
        check_whole("batch_size", self.batch_size)
        choose_loss(self.model, self.dataset.training)
        self.loss = self.model.loss
        self.terms = QueryTerms(self.model, self.loss, mode=self.mode, chunk_size=chunk_size, compile=compile)
        self.terms.check_label_smoothing(self.label_smoothing)
        has_batchnorm = bool(get_batchnorm_modules(self.model))
        self.drop_last = has_batchnorm if drop_last is None else check_bool("drop_last", drop_last)
        # PyTorch's seeds may be negative
        self.random_seed = (
            None if random_seed is None else check_whole("random_seed", random_seed, minimum=-sys.maxsize)
        )
        self.speed = TrainingSpeed()
        self._loss_check = LossCheck()
        self._has_stepped = False

    @property
    def seconds(self) -> float:
        """The seconds of training so far."""
        return self.speed.seconds

    # --- the loss

    def share_terms(self, share: BatchShare) -> dict[str, Tensor]:
        """Compute the terms of a process's loss; the mean over all processes is the global loss.

        :param share: the process's share of a global batch
        :return: scalars by name
        """
        terms = self.terms.of_rows(share, self.label_smoothing)
        return {name: share.weigh(term) for name, term in terms.items()}

    def _step(self, batch: BatchShare, prefix: str) -> Tensor:
        terms = self.share_terms(batch)
        loss: Tensor = sum(terms.values())  # type: ignore[assignment]
        if prefix == "train":
            self.speed.add(batch.num_triples)
            self._loss_check.add(loss, terms, self.global_step + 1)
        # reduced over processes once per epoch: a step does not wait for it
        self.log(f"{prefix}_loss", loss, on_step=False, on_epoch=True, sync_dist=True, batch_size=batch.num_triples)
        return loss

    # --- the data

    def _dataloader(self, triples_factory: CoreTriplesFactory, shuffle: bool = False) -> GlobalBatches:  # type: ignore[override]
        # PyKEEN's validation triples have the ids of relations without inverses: the training's factory maps them too
        triples = training_triples(triples_factory, self.dataset.training, self.device)
        rank, world_size = self._place
        owns = (table.own for _, table in sharded_tables(self.model))
        return GlobalBatches(
            triples,
            self.batch_size,
            seed=self._common_seed(),
            rank=rank,
            world_size=world_size,
            reshuffle=shuffle,
            drop_last=shuffle and self.drop_last,
            entities=next((slice(own.start, own.stop) for own in owns), None),
        )

    @property
    def _place(self) -> tuple[int, int]:
        """The number of this process, from 0, and that of those which share the triples of a step."""
        if not isinstance(self.trainer.strategy, EntityShardsStrategy):
            return self.trainer.global_rank, self.trainer.world_size
        replicas = self.trainer.strategy.device_mesh["data_parallel"]
        return replicas.get_local_rank(), replicas.size()

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
        return digest_of(self.dataset.training.mapped_triples)

    # --- Lightning's hooks

    def configure_optimizers(self) -> Optimizer:
        """Make the optimizer."""
        optimizer: Optimizer = super().configure_optimizers()  # type: ignore[no-untyped-call]
        if self.shard_entities and self._place[1] == 1:
            # replicas average dense gradients
            choose_sparse_updates(self.terms, optimizer, None)
        # then: it leaves those alone that must not be fused, as their gradients are sparse
        prefer_fused(optimizer)
        return optimizer

    def configure_model(self) -> None:
        """Take the own rows of sharded entities, once the processes are known.

        :raises ValueError: if the trainer does not go with the module, or there are more processes than entities
        """
        check_trainer(self.trainer, self.shard_entities)
        if isinstance(self.trainer.strategy, EntityShardsStrategy):
            give_rows(self, self.trainer.strategy, self._common_seed())
            # random numbers, as of dropout, are the same in all processes of a replica
            torch.manual_seed(self._common_seed() + self._place[0])

    def on_after_backward(self) -> None:
        """Average gradients over the replicas of sharded entities."""
        if isinstance(self.trainer.strategy, EntityShardsStrategy):
            average_gradients(self, self.trainer.strategy)

    def on_fit_start(self) -> None:
        """Check that so many processes can train the model, and compile.

        :raises ValueError: if the model cannot be trained in so many processes
        """
        self.speed.pause()
        say_spent_time(self.trainer)
        self._loss_check = LossCheck()
        world_size, is_first = self._place[1], self.trainer.is_global_zero
        check_processes(self.model, batch_size=self.batch_size, world_size=world_size, is_first=is_first)
        self.terms.warm_up(-(-self.batch_size // world_size))

    def on_before_zero_grad(self, optimizer: Optimizer) -> None:
        """Do nothing: Lightning calls this between the loss and its gradient, where no parameter may change."""

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: int | float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Clip gradients by their values also where they are sparse, which PyTorch does not.

        :param optimizer: the optimizer
        :param gradient_clip_val: the trainer's
        :param gradient_clip_algorithm: the trainer's
        """
        sparse: list[Tensor] = []
        if gradient_clip_val and gradient_clip_algorithm == "value":
            parameters = [p for group in optimizer.param_groups for p in group["params"]]
            sparse = [p for p in parameters if p.grad is not None and p.grad.is_sparse]
        with set_aside(sparse):
            super().configure_gradient_clipping(optimizer, gradient_clip_val, gradient_clip_algorithm)
        for parameter in sparse:
            assert gradient_clip_val is not None
            summed_rows(parameter).clamp_(-gradient_clip_val, gradient_clip_val)

    def optimizer_step(self, *args: Any, **kwargs: Any) -> None:
        """Do a step, and let the model constrain its parameters.

        :param args: Lightning's
        :param kwargs: Lightning's
        """
        super().optimizer_step(*args, **kwargs)
        # here, as callbacks see the end of a batch before the module does: a checkpoint has what the next step begins
        # with
        self.model.post_parameter_update()
        self._has_stepped = True

    def on_train_batch_end(self, *args: Any) -> None:
        """Let the model forget what it has computed for one batch, if the batch had no step that did."""
        if not self._has_stepped:
            # gradients accumulate: without this CompGCN would look up what its last batch has computed
            forget_computed(self.model)
        self._has_stepped = False

    def on_train_epoch_start(self) -> None:
        """Start to count the seconds and triples of an epoch."""
        self.speed.start_epoch()

    def on_train_batch_start(self, *args: Any) -> None:
        """Go on counting after a validation or a checkpoint in the middle of an epoch."""
        self.speed.run()

    def on_validation_start(self) -> None:
        """Stop counting: validation is no training."""
        self.speed.pause()

    def on_validation_end(self) -> None:
        """Let the model forget what validation has computed without gradients, as CompGCN its entities."""
        forget_computed(self.model)

    def on_train_epoch_end(self) -> None:
        """Check the last loss, and log time and speed."""
        self._loss_check.finish()  # waits for the device
        self.speed.pause()
        self.log("seconds", self.seconds, sync_dist=True)
        if (speed := self.speed.triples_per_second()) is not None:
            self.log("triples_per_second", speed, sync_dist=True)

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Add what the checkpoint was made with.

        :param checkpoint: the checkpoint, changed in place
        """
        self.speed.pause()
        checkpoint[_CHECKPOINT_KEY] = dict(
            made_with=self._made_with(),
            settings=self._settings(),
            random_seed=self.random_seed,
            seconds=self.seconds,
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
        compare_settings("The checkpoint", state.get("settings"), self._settings())
        self.random_seed = state["random_seed"]
        self.speed.reset(state["seconds"])

    def _settings(self) -> dict[str, str]:
        trained = {name: getattr(self, name) for name in ("learning_rate", "label_smoothing", "drop_last")}
        # "Adam", "adam" and the class are the same
        trained["optimizer"] = optimizer_resolver.normalize_cls(optimizer_resolver.lookup(self.optimizer))
        trained["optimizer_kwargs"] = self.optimizer_kwargs or {}
        return dict([*describe("model", self.model), *describe("train", trained)])

    def _made_with(self) -> dict[str, str]:
        return dict(model=type(self.model).__name__, loss=repr(self.loss), training_triples=self._digest)
