"""Signals: those by which a cluster announces that it ends a job soon, and Ctrl-C."""

from __future__ import annotations

import logging
import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

__all__ = ["SIGNALS", "Interruption", "on_signal"]

logger = logging.getLogger(__name__)

#: The signals that are handled, as far as the platform has them
SIGNALS: Final = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGUSR1") if hasattr(signal, name))


@contextmanager
def on_signal(callback: Callable[[str], None], signals: Iterable[int] = SIGNALS) -> Iterator[None]:
    """Call a function, instead of dying, when a signal arrives inside; afterwards put the handlers back.

    Python delivers signals to the main thread only. In another thread nothing is handled, and the log says so.

    :param callback: the function, which gets the signal's name
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


class Interruption:
    """Ctrl-C as a request: the first one is remembered, the second one raises :class:`KeyboardInterrupt` at once.

    An exception that is raised anywhere can be lost: Python ignores exceptions of finalizers and of some callbacks.

    :param callback: called at the first one with the signal's name
    """

    def __init__(self, callback: Callable[[str], None] | None = None) -> None:
        self._callback = callback
        self.requested = False

    @staticmethod
    def is_possible() -> bool:
        """Tell whether Ctrl-C would raise here: not in another thread, nor where somebody handles it already."""
        is_main = threading.current_thread() is threading.main_thread()
        return is_main and signal.getsignal(signal.SIGINT) is signal.default_int_handler

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Remember SIGINT inside, instead of raising at once; whoever asks for it has to :meth:`check`.

        :raises KeyboardInterrupt: if it came twice
        """
        with on_signal(self._request, [signal.SIGINT]):
            yield

    def check(self) -> None:
        """Raise if Ctrl-C was pressed.

        :raises KeyboardInterrupt: if it was
        """
        if self.requested:
            raise KeyboardInterrupt

    def _request(self, name: str) -> None:
        if self.requested:
            raise KeyboardInterrupt
        self.requested = True
        logger.warning("Interrupted: ending after what is being done; once more to end at once.")
        if self._callback is not None:
            self._callback(name)
