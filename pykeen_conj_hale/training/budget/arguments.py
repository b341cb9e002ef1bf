"""The arguments of ``train``: what is allowed, and those about checkpoints in PyKEEN's words and in this package's."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from pykeen.constants import PYKEEN_CHECKPOINTS
from pykeen.training import TrainingLoop

from ...checks import check_bool, check_number, check_path, check_whole
from .clock import Duration, parse_seconds

__all__ = [
    "CheckpointPlan",
    "check_batch_size",
    "check_optimizer",
    "check_train_arguments",
    "refuse_sampler_and_weights",
]


#: The smallest whole numbers that are allowed
_WHOLE: Final = {"batch_size": 1, "sub_batch_size": 1, "slice_size": 1, "num_epochs": 0, "num_workers": 0}
_BOOL: Final = (
    "use_tqdm",
    "use_tqdm_batch",
    "continue_training",
    "only_size_probing",
    "drop_last",
)
_POSITIVE: Final = ("gradient_clipping_max_norm", "gradient_clipping_max_abs_value")


def check_train_arguments(arguments: Mapping[str, Any]) -> None:
    """Check numbers and booleans among the arguments of ``train``; None is PyKEEN's default, but for the epochs.

    :param arguments: the arguments
    :raises ValueError: if one of them is not allowed
    """
    given = {name: value for name, value in arguments.items() if value is not None or name == "num_epochs"}
    for name in _WHOLE.keys() & given.keys():
        check_whole(name, given[name], minimum=_WHOLE[name])
    for name in _BOOL:
        if name in given:
            check_bool(name, given[name])
    for name in _POSITIVE:
        if name in given:
            check_number(name, given[name], above=0)
    if "label_smoothing" in given:
        check_number("label_smoothing", given["label_smoothing"], minimum=0, below=1)
    if "checkpoint_frequency" in given:
        check_number("checkpoint_frequency", given["checkpoint_frequency"], minimum=0)


def check_optimizer(loop: TrainingLoop[Any], arguments: Mapping[str, Any]) -> None:
    """Check that a loop has an optimizer still, and that a training that starts anew keeps its options.

    PyKEEN makes the optimizer again for such a training, of all parameters and with the options of the first group.

    :param loop: the training loop
    :param arguments: the arguments of ``train``, those about checkpoints included
    :raises ValueError: if it has none, as PyKEEN's pipeline leaves it, or one whose other groups would be lost
    """
    if loop.optimizer is None:
        raise ValueError(
            "The training loop has no optimizer any more: clear_optimizer=True, the default of PyKEEN's pipeline, has "
            "removed it after the training. With pipeline(..., clear_optimizer=False) the loop can train on."
        )
    num_groups = len(loop.optimizer.param_groups)
    if num_groups == 1 or arguments.get("continue_training"):
        return
    names = ("checkpoint", "checkpoint_seconds")
    path = CheckpointPlan.from_arguments(arguments, *(arguments.get(name) for name in names)).path
    # a training that goes on from a checkpoint keeps its optimizer
    if path is None or not path.is_file():
        raise ValueError(
            f"optimizer={type(loop.optimizer).__name__} has {num_groups} groups of parameters, and a training that "
            "starts anew has one: PyKEEN makes the optimizer again, with the options of the first group for all "
            "parameters. Give an optimizer with one group. To keep parameters as they are, give them "
            "requires_grad=False before the optimizer is made."
        )


def check_batch_size(loop: TrainingLoop[Any], batch_size: int | None) -> None:
    """Check that no batch size is searched where a training goes on: PyKEEN's search makes the parameters anew.

    :param loop: the training loop
    :param batch_size: that of the training so far, or of the arguments; None if nothing is known
    :raises ValueError: if it would be searched
    """
    if batch_size is None and loop.automatic_memory_optimization and loop.model.device.type != "cpu":
        raise ValueError(
            "batch_size=None is not allowed where a training goes on whose batch size is not known: the search for one "
            f"on {loop.model.device} makes the parameters anew. Give the batch_size of the training so far."
        )


def refuse_sampler_and_weights(loop: TrainingLoop[Any], sampler: str | None, kind: str) -> None:
    """Refuse samplers and weights of triples for a loop that knows neither: PyKEEN lets every loop have them.

    :param loop: the training loop
    :param sampler: the sampler that is asked for
    :param kind: the kind of loop, for the error
    :raises ValueError: if there is one of them
    """
    if sampler is not None:
        raise ValueError(f"sampler={sampler!r} is not supported by the {kind} loop; it must be None.")
    if loop.loss_weighter is not None:
        raise ValueError(
            f"loss_weighter={loop.loss_weighter!r} is not supported by the {kind} loop, where all triples count alike; "
            'it must be None, or take training_loop="BudgetedSLCWA" or "BudgetedLCWA" and a loss that takes weights.'
        )


@dataclasses.dataclass(frozen=True)
class CheckpointPlan:
    """Where and when checkpoints are written."""

    #: The file; None for no checkpoints
    path: Path | None = None
    #: The seconds of training from one to the next; None for PyKEEN's own interval, in minutes, at the ends of epochs
    seconds: float | None = None

    @classmethod
    def from_arguments(
        cls, arguments: Mapping[str, Any], checkpoint: str | Path | None, seconds: Duration | None
    ) -> CheckpointPlan:
        """Read this package's arguments and PyKEEN's.

        :param arguments: the arguments of PyKEEN's ``train``
        :param checkpoint: ``checkpoint``, the file
        :param seconds: ``checkpoint_seconds``, the seconds from one checkpoint to the next
        :return: the plan
        :raises ValueError: if there are two files or intervals, or an interval without a file
        """
        name, minutes = arguments.get("checkpoint_name"), arguments.get("checkpoint_frequency")
        if checkpoint is not None and name is not None:
            raise ValueError(f"checkpoint={str(checkpoint)!r} and checkpoint_name={name!r} name two files: give one.")
        if seconds is not None and checkpoint is None and name is None:
            raise ValueError(f"checkpoint_seconds={seconds!r} needs a file: give checkpoint=, too.")
        if seconds is not None and minutes is not None:
            raise ValueError(
                f"checkpoint_seconds={seconds!r} and checkpoint_frequency={minutes!r} (minutes) are two intervals: "
                "give one of them."
            )
        if seconds is None and checkpoint is not None and minutes is None:
            seconds = 60.0
        if seconds is not None:
            seconds = parse_seconds("checkpoint_seconds", seconds, positive=True)
        if checkpoint is not None:
            return cls(check_path("checkpoint", checkpoint).absolute(), seconds)
        folder = arguments.get("checkpoint_directory")
        return cls(Path(PYKEEN_CHECKPOINTS if folder is None else folder) / name if name else None, seconds)

    def pykeen_arguments(self) -> dict[str, Any]:
        """Translate the plan into arguments of PyKEEN's ``train``."""
        if self.path is None:
            return {}
        arguments: dict[str, Any] = {"checkpoint_directory": self.path.parent, "checkpoint_name": self.path.name}
        if self.seconds is not None:
            # PyKEEN's own interval, in minutes: it writes at the end only
            arguments["checkpoint_frequency"] = float("inf")
        return arguments
