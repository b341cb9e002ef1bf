"""The part of a training loop that writes checkpoints, and goes on from them, in the middle of an epoch, too."""

from __future__ import annotations

import dataclasses
import hashlib
import logging
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import Path
from typing import IO, Any, Generic, TypeVar

import torch
from pykeen.stoppers import EarlyStopper, Stopper
from pykeen.training import TrainingLoop
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from ...files import replacing
from ...pykeen_internals import get_random_seed, set_random_seed
from .checkpoint import CheckpointError, load_checkpoint, save_checkpoint
from .clock import Duration, Stopwatch, parse_seconds
from .epoch import Position
from .random_state import get_random_state

__all__ = ["ResumableMixin"]

logger = logging.getLogger(__name__)

BatchType = TypeVar("BatchType")


class ResumableMixin(TrainingLoop[BatchType], Generic[BatchType]):
    """Checkpoints for a training loop; their format and their way to the disk: :mod:`~.checkpoint`.

    A training that goes on from a checkpoint does the same steps as one that was never interrupted: parameters,
    optimizer, learning rate and early stopper are restored, and the batches of a begun epoch are drawn again from the
    random state at its start.
    """

    #: Measures the seconds by phase
    stopwatch: Stopwatch
    #: The optimizer steps so far, those before a checkpoint included
    num_steps: int
    #: The place in the current epoch; None between epochs
    _position: Position | None
    #: The random state to go on from, until training goes on
    _resume_from: dict[str, Any] | None
    _stopper: Stopper | None
    _training: CoreTriplesFactory
    #: Its description, which takes a while to make
    _dataset: str | None
    _checkpoint_path: Path | None
    _checkpoint_seconds: float | None

    def _use_checkpoint(
        self, arguments: dict[str, Any], checkpoint: str | Path | None, seconds: Duration | None
    ) -> None:
        """Translate this package's arguments into PyKEEN's, which have minutes at the ends of epochs.

        :param arguments: the arguments of PyKEEN's ``train``, which are changed
        :param checkpoint: the file
        :param seconds: the seconds from one checkpoint to the next
        :raises ValueError: if there are two files or intervals, or an interval without a file
        """
        if checkpoint is not None:
            if arguments.get("checkpoint_name") is not None:
                raise ValueError(
                    f"checkpoint={str(checkpoint)!r} and checkpoint_name name two files: give one of them."
                )
            path = Path(checkpoint).absolute()
            arguments.update(checkpoint_directory=path.parent, checkpoint_name=path.name)
        name, minutes = arguments.get("checkpoint_name"), arguments.get("checkpoint_frequency")
        if seconds is not None and name is None:
            raise ValueError(f"checkpoint_seconds={seconds!r} needs a file: give checkpoint=, too.")
        if seconds is not None and minutes is not None:
            raise ValueError(
                f"checkpoint_seconds={seconds!r} and checkpoint_frequency={minutes!r} (minutes) are two intervals: "
                "give one of them."
            )
        self._checkpoint_seconds = None
        if seconds is not None or (checkpoint is not None and minutes is None):
            seconds = 60.0 if seconds is None else seconds
            self._checkpoint_seconds = parse_seconds("checkpoint_seconds", seconds, positive=True)
            # PyKEEN's own interval, in minutes: it writes at the end only
            arguments["checkpoint_frequency"] = float("inf")

    def _save_state(
        self,
        path: IO[bytes] | str | Path,
        stopper: Stopper | None = None,
        best_epoch_model_checkpoint_file_path: Path | None = None,
        triples_factory: CoreTriplesFactory | None = None,
    ) -> None:
        """Write a checkpoint; what PyKEEN calls where it writes its own."""
        with self.stopwatch.phase("checkpoint"):
            save_checkpoint(Path(path), self._get_state())  # type: ignore[arg-type]
        logger.info("Checkpoint after %d steps: %s", self.num_steps, path)

    def _get_state(self) -> dict[str, Any]:
        # a begun epoch counts as not done, although PyKEEN has noted a loss for it if it was cut
        position = self._position
        losses = self.losses_per_epochs[: None if position is None else position.num_losses]
        return {
            "identity": self._identify(),
            "losses": losses,
            "epoch": self._epoch - (len(self.losses_per_epochs) - len(losses)),
            "position": None if position is None else {**dataclasses.asdict(position), "loss": float(position.loss)},
            "steps": self.num_steps,
            "seconds": self.stopwatch.seconds,
            "random_state": get_random_state(),
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "lr_scheduler": None if self.lr_scheduler is None else self.lr_scheduler.state_dict(),
            "best_model": self._best_model(),
            # the names under which PyKEEN itself looks
            "stopper_dict": dict(self._stopper.get_summary_dict()) if self._stopper is not None else {},
            "random_seed": get_random_seed(self.model),
        }

    def _load_state(
        self, path: str | Path, triples_factory: CoreTriplesFactory | None = None
    ) -> tuple[Path | None, int | None]:
        """Read a checkpoint; what PyKEEN calls where it reads its own.

        :param path: the file
        :param triples_factory: the training triples
        :return: None twice, as PyKEEN's own files of the best epoch are not used
        :raises CheckpointError: if the file is damaged, foreign, or of another model, dataset or loop
        """
        state = load_checkpoint(Path(path), device=self.device)
        self._compare(path, state["identity"])
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        if self.lr_scheduler is not None and state["lr_scheduler"] is not None:
            self.lr_scheduler.load_state_dict(state["lr_scheduler"])
        if not self.optimizer.state:
            # PyKEEN takes an optimizer without state, such as plain SGD, for one that was never used, and refuses
            _ = self.optimizer.state[next(iter(self.model.get_grad_params()))]
        if state["best_model"] is not None and isinstance(self._stopper, EarlyStopper):
            best = state["best_model"]
            with replacing(self._stopper.best_model_path or "") as file:
                torch.save(best, file)
        self._epoch, self.num_steps = state["epoch"], state["steps"]
        self.losses_per_epochs = list(state["losses"])
        set_random_seed(self.model, state["random_seed"])
        self._position = None if state["position"] is None else Position(**state["position"])
        self._resume_from = state["random_state"]
        seconds = state["seconds"]
        self.stopwatch.reset({**seconds, "set-up": seconds.get("set-up", 0.0) + self.stopwatch.elapsed("set-up")})
        logger.info("Going on after %d steps, %.1f s of training", self.num_steps, self.stopwatch.elapsed("training"))
        return None, None

    def _compare(self, path: str | Path, saved: Mapping[str, str]) -> None:
        """Raise if a checkpoint is of something else."""
        for what, here in self._identify().items():
            if saved.get(what) != here:
                there = str(saved.get(what))
                lines = zip_longest(there.splitlines(), here.splitlines(), fillvalue="")
                line_there, line_here = next((pair for pair in lines if pair[0] != pair[1]), (there, here))
                raise CheckpointError(
                    f"checkpoint={str(path)!r} is of another {what}: {line_there.strip()!r} there, "
                    f"{line_here.strip()!r} here. It is left as it is: train with the same {what} to go on, or name "
                    "another file."
                )

    def _best_model(self) -> dict[str, Any] | None:
        """Get the parameters which an early stopper holds for the best."""
        stopper = self._stopper
        if not isinstance(stopper, EarlyStopper) or stopper.best_epoch is None or stopper.best_model_path is None:
            return None
        path = Path(stopper.best_model_path)
        best: dict[str, Any] | None = None
        if path.is_file():
            best = torch.load(path, map_location="cpu", weights_only=True)
        return best

    def _identify(self) -> dict[str, str]:
        """Describe what a checkpoint is of."""
        self._dataset = self._dataset or _describe(self._training)
        return {
            "training loop": self.get_normalized_name(),
            "model": f"{type(self.model).__name__}: {self.model}",
            "optimizer": type(self.optimizer).__name__,
            "lr_scheduler": type(self.lr_scheduler).__name__,
            "stopper": "NopStopper" if self._stopper is None else type(self._stopper).__name__,
            "dataset": self._dataset,
        }


def _describe(triples_factory: CoreTriplesFactory) -> str:
    """Describe training triples and their labels."""
    digest = hashlib.sha256(triples_factory.mapped_triples.numpy().tobytes())
    if isinstance(triples_factory, TriplesFactory):
        for labels in (triples_factory.entity_to_id, triples_factory.relation_to_id):
            digest.update(repr(sorted(labels.items())).encode())
    return f"{triples_factory.num_triples} training triples with SHA-256 {digest.hexdigest()}"
