"""The random states which training draws from: Python's, NumPy's and PyTorch's, as plain data."""

from __future__ import annotations

import logging
import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

__all__ = ["get_random_state", "preserve_random_state", "set_random_state"]

logger = logging.getLogger(__name__)


def get_random_state() -> dict[str, Any]:
    """Get the global random states as tensors, numbers, texts and containers of these."""
    name, keys, *position = np.random.get_state(legacy=True)
    return {
        "python": random.getstate(),
        "numpy": (name, torch.from_numpy(np.asarray(keys).astype(np.int64)), *position),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }


def set_random_state(state: Mapping[str, Any]) -> None:
    """Set the global random states.

    :param state: what :func:`get_random_state` returned; of another number of GPUs those which are here are set, and
        the log says so
    """
    version, internal, gauss = state["python"]
    random.setstate((version, tuple(internal), gauss))
    name, keys, *position = state["numpy"]
    np.random.set_state((name, keys.cpu().numpy().astype(np.uint32), *position))
    torch.set_rng_state(state["torch"].cpu())
    here = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if here != len(state["cuda"]):
        logger.warning(
            "The random state is from a machine with %d GPUs, and here are %d: random numbers drawn on a GPU differ.",
            len(state["cuda"]),
            here,
        )
    for device, cuda_state in enumerate(state["cuda"][:here]):
        torch.cuda.set_rng_state(cuda_state.cpu(), device)


@contextmanager
def preserve_random_state() -> Iterator[None]:
    """Give the random states back as they were, whatever is drawn inside."""
    state = get_random_state()
    try:
        yield
    finally:
        set_random_state(state)
