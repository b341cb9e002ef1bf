"""Signals with which a cluster announces the end: they end a training as its budget does."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["SIGNALS", "on_signal"]

logger = logging.getLogger(__name__)

#: What is handled, as far as the platform has it
SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name))


@contextmanager
def on_signal(callback: Callable[[str], None], signals: Iterable[int] = SIGNALS) -> Iterator[None]:
    """Call back, instead of dying, when one of some signals arrives inside; handlers are put back afterwards.

    Python delivers signals to the main thread only: in others nothing is handled, and the log says so.

    :param callback: what is called with the signal's name
    :param signals: the numbers of the signals
    """
    if threading.current_thread() is not threading.main_thread():
        names = ", ".join(signal.Signals(number).name for number in signals)
        logger.warning("%s cannot be handled: that is possible in the main thread only.", names)
        yield
        return

    process = os.getpid()

    def handle(number: int, frame: FrameType | None) -> None:
        if os.getpid() == process:
            callback(signal.Signals(number).name)
        else:
            # a worker of a data loader, which inherited the handler: it has to die when it is told to
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)

    previous = {number: signal.signal(number, handle) for number in signals}
    try:
        yield
    finally:
        for number, handler in previous.items():
            # None: set by something other than Python, which cannot be put back from here
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
