"""The device of a command or a call."""

from __future__ import annotations

import torch
from pykeen.utils import resolve_device

__all__ = ["choose_device"]


def choose_device(device: str | torch.device | None) -> torch.device:
    """Choose a device as PyKEEN does, without its warning where there is no GPU to choose.

    :param device: the device; None for a GPU if there is one
    :return: the device
    :raises ValueError: if PyTorch knows no such device
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        return resolve_device(device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is unknown to PyTorch: {error}") from error
