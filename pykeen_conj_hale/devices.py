"""The device of a command or a call."""

from __future__ import annotations

import torch

__all__ = ["choose_device"]


def choose_device(device: str | torch.device | None) -> torch.device:
    """Choose a device as PyKEEN does where none is given; one that is given, and is not there, is an error.

    :param device: the device; None for a GPU if there is one
    :return: the device
    :raises ValueError: if PyTorch knows no such device, or it cannot be used here
    """
    if device is None:
        device = "cuda" if torch.cuda.is_available() else "cpu"
    if not isinstance(device, str | torch.device):
        raise ValueError(f"device={device!r} is not allowed: it must be the name of a device, as 'cpu' or 'cuda:0'.")
    try:
        # PyKEEN would take the CPU in place of a GPU that is not there
        chosen = torch.device(device)
    except RuntimeError as error:
        raise ValueError(f"device={device!r} is unknown to PyTorch: {error}") from error
    if chosen.type == "meta":
        raise ValueError(f"device={device!r} holds no numbers: name one that does, as 'cpu' or 'cuda:0'.")
    try:
        # a name that PyTorch knows need not be a device that is there
        torch.zeros(1, device=chosen)
    except (RuntimeError, AssertionError, ImportError) as error:
        reason = str(error).partition("\n")[0]
        raise ValueError(f"device={device!r} cannot be used here ({reason}): name another one, as 'cpu'.") from error
    return chosen
