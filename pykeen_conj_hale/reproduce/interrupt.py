"""Ctrl-C where it does no harm: between two steps of a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pykeen.training.callbacks import TrainingCallback

from ..training.budget import signals

__all__ = ["Interruption"]


class Interruption(TrainingCallback):
    """Raises :class:`KeyboardInterrupt` before the next step of a training, once Ctrl-C was pressed.

    The second Ctrl-C raises at once: see :class:`~pykeen_conj_hale.training.budget.signals.Interruption`.
    """

    def __init__(self) -> None:
        """Initialize the callback."""
        super().__init__()  # type: ignore[no-untyped-call]
        self._interruption = signals.Interruption()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Remember SIGINT inside, instead of raising at once.

        :raises KeyboardInterrupt: if it came twice, or once and there was no further step
        """
        with self._interruption.listening():
            yield
        self._interruption.check()

    def pre_batch(self, **kwargs: Any) -> None:
        """Look before each step.

        :param kwargs: ignored
        :raises KeyboardInterrupt: if Ctrl-C was pressed
        """
        self._interruption.check()
