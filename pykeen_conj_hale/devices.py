"""Devices: that of a command or a call, and when a GPU has done what it was asked for."""

from __future__ import annotations

import torch

__all__ = ["choose_device", "recorded_event"]


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


def recorded_event(device: torch.device) -> torch.cuda.Event:
    """Note the end of what a GPU was asked for so far.

    An event by itself notes that of the current GPU, which is the first one, whatever device a model is on.

    :param device: the GPU
    :return: the event, which is there when the GPU has come so far
    """
    event = torch.cuda.Event()  # type: ignore[no-untyped-call]
    event.record(torch.cuda.current_stream(device))
    return event
