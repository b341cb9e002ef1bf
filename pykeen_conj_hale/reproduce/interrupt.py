"""Ctrl-C where it does no harm: between two steps of a training."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pykeen.training.callbacks import TrainingCallback

from ..training.budget.signals import on_signal

__all__ = ["Interruption"]

logger = logging.getLogger(__name__)


class Interruption(TrainingCallback):
    """Raises :class:`KeyboardInterrupt` before the next step of a training, once Ctrl-C was pressed.

    The second Ctrl-C raises at once. An exception that is raised anywhere can be lost: Python ignores exceptions of
    finalizers and of some callbacks.
    """

    def __init__(self) -> None:
        """Initialize the callback."""
        super().__init__()  # type: ignore[no-untyped-call]
        self.requested = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Remember SIGINT inside, instead of raising at once.

        :raises KeyboardInterrupt: if it came twice, or once and there was no further step
        """
        with on_signal(self._request, [signal.SIGINT]):
            yield
        self.check()

    def _request(self, name: str) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        logger.warning("Interrupted: ending after what is being done; once more to end at once.")

    def check(self) -> None:
        """Raise if Ctrl-C was pressed.

        :raises KeyboardInterrupt: if it was
        """
        if self.requested:
            raise KeyboardInterrupt

    def pre_batch(self, **kwargs: Any) -> None:
        """Look before each step.

        :param kwargs: ignored
        """
        self.check()
