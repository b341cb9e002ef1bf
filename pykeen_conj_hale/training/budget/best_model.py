"""The file in which an early stopper keeps the parameters of its best model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from pykeen.stoppers import EarlyStopper

from ...files import replacing

__all__ = ["load_best", "read_best", "write_best"]


def write_best(stopper: EarlyStopper, parameters: Mapping[str, Any]) -> None:
    """Write the parameters of the best model so far.

    :param stopper: the stopper
    :param parameters: the model's state
    """
    with replacing(_path(stopper)) as file:
        torch.save(parameters, file)


def read_best(stopper: EarlyStopper, device: torch.device | str = "cpu") -> dict[str, Any] | None:
    """Read the parameters of the best model so far.

    :param stopper: the stopper
    :param device: where the parameters go
    :return: the model's state; None if no evaluation was the best one yet, or the file is already cleaned up
    """
    if stopper.best_epoch is None or not _path(stopper).is_file():
        return None
    parameters: dict[str, Any] = torch.load(_path(stopper), map_location=device, weights_only=True)
    return parameters


def load_best(stopper: EarlyStopper) -> None:
    """Load the best model's parameters, if there are some, into the stopper's model, and clean up the file.

    :param stopper: the stopper
    """
    parameters = read_best(stopper, stopper.model.device)
    if parameters is None:
        return
    stopper.model.load_state_dict(parameters)
    if stopper.clean_up_checkpoint:
        _path(stopper).unlink()


def _path(stopper: EarlyStopper) -> Path:
    # PyKEEN chooses a path if none is given
    return Path(stopper.best_model_path)  # type: ignore[arg-type]
