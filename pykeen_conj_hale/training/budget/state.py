"""What a checkpoint holds, of which training it is, and how a training goes on from it."""

from __future__ import annotations

import copy
import dataclasses
import logging
from collections.abc import Mapping
from functools import cached_property
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final, Protocol, runtime_checkable

from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import TrainingLoop
from pykeen.triples import CoreTriplesFactory
from torch.optim import Adam

from ...pykeen_internals import get_epoch, get_random_seed, set_epoch, set_random_seed
from ..digest import describe_triples
from ..lazy_adam import LazyAdam
from ..optimizer import mark_as_used
from ..threads import ThreadChoice
from .best_model import read_best, write_best
from .checkpoint import CheckpointError
from .position import Position, Progress
from .random_state import get_random_state
from .settings import list_settings

__all__ = ["TrainingState", "compare_identities", "compare_settings", "forget_cut_epoch"]

logger = logging.getLogger(__name__)

#: What a person has chosen where an optimizer has a name of this package's own
_NAMES: Final = {LazyAdam.__name__: "Adam with sparse_updates=True"}


@runtime_checkable
class HasThreads(Protocol):
    """A loop with a number of threads."""

    threads: ThreadChoice


class TrainingState:
    """The state of a training as plain data.

    A training that goes on from its state does the same steps as one that was never interrupted: parameters,
    optimizer, learning rate and early stopper are restored, and the batches of a begun epoch are drawn again from the
    random state at its start.

    :param loop: the training loop
    :param stopper: the early stopper, if there is one
    :param triples_factory: the training triples
    :param arguments: the arguments of ``train``
    """

    def __init__(
        self,
        loop: TrainingLoop[Any],
        stopper: Stopper | None,
        triples_factory: CoreTriplesFactory,
        arguments: Mapping[str, Any],
    ) -> None:
        self._loop, self._stopper, self._triples_factory = loop, stopper, triples_factory
        #: What must not change where the training goes on, besides :meth:`identify`: listed before the first step
        self.settings = list_settings(loop, stopper, arguments)
        #: The number of instances per batch; None where nothing is said and nothing is found yet
        self.batch_size: int | None = arguments.get("batch_size")
        #: How batches are split, as arguments of ``train``, where a search has found that
        self.split: Mapping[str, int | None] = {}

    def get(self, progress: Progress) -> dict[str, Any]:
        """Describe the training as it is now.

        :param progress: how far it is
        :return: the content of a checkpoint
        """
        loop, position = self._loop, progress.position
        epoch, losses = _whole_epochs(loop, position)
        return {
            "identity": self.identify(),
            "settings": self.settings,
            "batch_size": self.batch_size,
            "split": self.split,
            "losses": losses,
            "epoch": epoch,
            "position": None if position is None else {**dataclasses.asdict(position), "loss": float(position.loss)},
            "steps": progress.num_steps,
            "epochs_done": progress.epochs_done,
            # sums may differ in their last bits by the number of threads
            "threads": loop.threads.num if isinstance(loop, HasThreads) else None,
            "seconds": progress.seconds,
            "random_state": get_random_state(),
            "model": loop.model.state_dict(),
            "optimizer": loop.optimizer.state_dict(),
            "lr_scheduler": None if loop.lr_scheduler is None else loop.lr_scheduler.state_dict(),
            "best_model": read_best(self._stopper) if isinstance(self._stopper, EarlyStopper) else None,
            # the names under which PyKEEN itself looks
            "stopper_dict": dict(self._stopper.get_summary_dict()) if self._stopper is not None else {},
            "random_seed": get_random_seed(loop.model),
        }

    def load(self, state: Mapping[str, Any]) -> Progress:
        """Bring the loop, its model and its optimizer into a state; PyKEEN itself restores the stopper.

        :param state: the content of a checkpoint of this training
        :return: how far the training is
        """
        loop = self._loop
        there = state.get("batch_size")
        self.batch_size = self.batch_size or there
        if there is not None and there != self.batch_size:
            logger.warning("batch_size=%s from here on; the checkpoint was written with %s.", self.batch_size, there)
        # checkpoints of earlier versions have none
        self.split = state.get("split", {})
        loop.model.load_state_dict(state["model"])
        loop.optimizer.load_state_dict(state["optimizer"])
        if loop.lr_scheduler is not None and state["lr_scheduler"] is not None:
            loop.lr_scheduler.load_state_dict(_with_types_of(loop.lr_scheduler, state["lr_scheduler"]))
        mark_as_used(loop.optimizer)
        best = state["best_model"]
        if best is None and state["stopper_dict"].get("stopped"):
            # a stopper which has stopped and restored the best model, as in the first checkpoints of this package
            best = state["model"]
        if best is not None and isinstance(self._stopper, EarlyStopper):
            write_best(self._stopper, best)
        if isinstance(loop, HasThreads):
            loop.threads.go_on_with(state.get("threads"))
        set_epoch(loop, state["epoch"])
        loop.losses_per_epochs = list(state["losses"])
        set_random_seed(loop.model, state["random_seed"])
        position = None if state["position"] is None else Position(**state["position"])
        # in the first checkpoints of this package there is PyKEEN's number only
        epochs_done = state.get("epochs_done", state["epoch"])
        return Progress(state["seconds"], state["steps"], epochs_done, position, state["random_state"])

    def identify(self) -> dict[str, str]:
        """Describe which training this is: what must not change where it goes on."""
        loop = self._loop
        return {
            "training loop": loop.get_normalized_name(),
            "model": f"{type(loop.model).__name__}: {loop.model}",
            "optimizer": type(loop.optimizer).__name__,
            "lr_scheduler": type(loop.lr_scheduler).__name__,
            "stopper": "NopStopper" if self._stopper is None else type(self._stopper).__name__,
            "dataset": self._dataset,
        }

    @cached_property
    def _dataset(self) -> str:
        """The training triples and their labels; of many, that takes a while."""
        return describe_triples(self._triples_factory, "training triples")


def compare_identities(path: Path, saved: Mapping[str, str], here: Mapping[str, str]) -> None:
    """Compare the training that a checkpoint is of with the one here.

    :param path: the checkpoint's file, for the error
    :param saved: what :meth:`TrainingState.identify` returned when the checkpoint was written
    :param here: what it returns here
    :raises CheckpointError: if they differ, with the first line that does
    """
    for what, text in here.items():
        if saved.get(what) == text:
            continue
        there = str(saved.get(what))
        if what == "optimizer":
            _compare_updates(path, there, text)
            there, text = (_NAMES.get(name, name) for name in (there, text))
        lines = zip_longest(there.splitlines(), text.splitlines(), fillvalue="")
        line_there, line_here = next((pair for pair in lines if pair[0] != pair[1]), (there, text))
        raise CheckpointError(
            f"checkpoint={str(path)!r} is of another {what}: {line_there.strip()!r} there, {line_here.strip()!r} here. "
            f"It is left as it is: train with the same {what} to go on, or name another file."
        )


def _compare_updates(path: Path, there: str, here: str) -> None:
    """Compare which rows of entities Adam updates, for an error that names what a person has chosen.

    :param path: the checkpoint's file, for the error
    :param there: the name of the optimizer of the checkpoint
    :param here: that of the training
    :raises CheckpointError: if they are Adam in its two kinds
    """
    if {there, here} != {Adam.__name__, LazyAdam.__name__}:
        return
    is_sparse = there == LazyAdam.__name__
    rows = {True: "the looked-up rows of entities only", False: "all entities"}
    raise CheckpointError(
        f"checkpoint={str(path)!r} is of a training with sparse_updates={is_sparse}, in which a step of Adam updates "
        f"{rows[is_sparse]}; here it updates {rows[not is_sparse]}. It is left as it is: give "
        f"training_loop_kwargs=dict(sparse_updates={is_sparse}), with the loss and the optimizer's options as they "
        "were, to go on, or name another file."
    )


def compare_settings(checkpoint: str, saved: Mapping[str, str] | None, here: Mapping[str, str]) -> None:
    """Compare the settings of the training that a checkpoint is of with those here.

    :param checkpoint: the checkpoint, for the error
    :param saved: what :func:`~.settings.list_settings` returned then; None for a checkpoint from before there were any
    :param here: what it returns here
    :raises CheckpointError: if they differ, with each setting that does
    """
    if saved is None:
        logger.warning(
            "%s says nothing about settings (loss, optimizer, schedule, stopper), as an earlier version wrote it: they "
            "are taken to be the same.",
            checkpoint,
        )
        return
    # what only one version of this package knows tells nothing
    differing = [name for name in here if name in saved and saved[name] != here[name]]
    if differing:
        pairs = "; ".join(f"{name} is {saved[name]} there, {here[name]} here" for name in differing)
        raise CheckpointError(
            f"{checkpoint} is of a training with other settings: {pairs}. It is left as it is: train with the same "
            "settings to go on, or name another file."
        )


def forget_cut_epoch(loop: TrainingLoop[Any], position: Position | None) -> None:
    """Take back that PyKEEN has noted a cut epoch as done, so that the epoch can go on.

    :param loop: the training loop, changed in place
    :param position: the place in that epoch; None between epochs
    """
    epoch, loop.losses_per_epochs = _whole_epochs(loop, position)
    set_epoch(loop, epoch)


def _with_types_of(scheduler: Any, state: Mapping[str, Any]) -> dict[str, Any]:
    """Give the dictionaries of a schedule the types that no checkpoint holds, as that of MultiStepLR's milestones."""
    return {name: _with_type_of(getattr(scheduler, name, None), value) for name, value in state.items()}


def _with_type_of(live: Any, value: Any) -> Any:
    if not isinstance(live, dict) or not isinstance(value, dict) or type(live) is type(value):
        return value
    # a copy, and not a new one, keeps what the type is made with, as a default
    typed = copy.copy(live)
    typed.clear()
    typed.update(value)
    return typed


def _whole_epochs(loop: TrainingLoop[Any], position: Position | None) -> tuple[int, list[float]]:
    """Get the number of the last whole epoch, and the losses up to it."""
    losses = loop.losses_per_epochs[: None if position is None else position.num_losses]
    return get_epoch(loop) - (len(loop.losses_per_epochs) - len(losses)), losses
