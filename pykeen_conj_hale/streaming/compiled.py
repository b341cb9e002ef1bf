"""The streaming log-sum-exp's passes, compiled where a compiler is at hand."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from functools import cache
from typing import Any

import torch

from .activations import Hanon, Identity
from .passes import EAGER, Passes

__all__ = ["compile_passes", "compiled_passes", "has_failed", "say_why_uncompiled"]

logger = logging.getLogger(__name__)


#: Why the passes are not compiled, by the type of the device
_reasons: dict[str, str] = {}


@cache
def compiled_passes(device_type: str) -> Passes:
    """Compile the passes over a chunk into one loop each.

    Without a working compiler this logs one line, and gives the passes as PyTorch runs them.

    :param device_type: the type of the device on which the passes will run
    :return: the passes
    """
    try:
        return compile_passes(device_type)
    except Exception as error:  # backends raise what they like where a compiler is missing
        _reasons[device_type] = (str(error).strip() or type(error).__name__).splitlines()[0]
        say_why_uncompiled(device_type)
        return EAGER


def has_failed(device_type: str) -> bool:
    """Tell whether it was tried to compile the passes, without success.

    :param device_type: as for :func:`compiled_passes`
    :return: whether it was
    """
    return device_type in _reasons


def say_why_uncompiled(device_type: str) -> None:
    """Log why the passes are not compiled: it is tried once only, and each training should say it.

    :param device_type: as for :func:`compiled_passes`, which has failed
    """
    logger.warning(
        "torch.compile does not work on %s here (%s); the log-sum-exp over entities runs uncompiled.",
        device_type,
        _reasons[device_type],
    )


def compile_passes(device_type: str) -> Passes:
    """Compile the passes, and run two of them, as compiling begins with the first run.

    :param device_type: as for :func:`compiled_passes`
    :return: the passes
    :raises Exception: of any type, without a working compiler
    """
    # the sizes of blocks stay symbolic: the last chunk and the last batch are smaller
    compiled: Iterable[Any] = (torch.compile(function, dynamic=True) for function in EAGER)
    passes = Passes(*compiled)
    y = torch.zeros(2, 3, device=device_type)
    reference = torch.zeros(2, 1, device=device_type)
    passes.weigh(Hanon(), y, reference)
    passes.running_sum(Identity(), y, reference, reference)
    return passes
