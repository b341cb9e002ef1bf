"""What the passes of a batch, forward and backward, change besides parameters: to measure how long they take."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pykeen.training import TrainingLoop

from ...pykeen_internals import forget_computed
from .random_state import preserve_random_state

__all__ = ["leaving_no_trace"]


@contextmanager
def leaving_no_trace(loop: TrainingLoop[Any]) -> Iterator[None]:
    """Put back what passes of a batch change: random states, buffers, gradients, and what the model has computed.

    Buffers are for example those of batch normalization.

    :param loop: the training loop
    """
    buffers = {name: buffer.clone() for name, buffer in loop.model.named_buffers()}
    try:
        with preserve_random_state():
            yield
    finally:
        for name, buffer in loop.model.named_buffers():
            buffer.copy_(buffers[name])
        loop.optimizer.zero_grad()
        forget_computed(loop.model)
