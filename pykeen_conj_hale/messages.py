"""Messages that are worth saying once."""

from __future__ import annotations

import logging
from collections.abc import Hashable
from typing import Any

__all__ = ["Once"]


class Once:
    """Logs each message once.

    :param logger: the logger of the module that has something to say
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._said: set[Hashable] = set()

    def warning(self, message: str, *args: object, key: Hashable = None, **kwargs: Any) -> None:
        """Log a warning, unless it was logged before.

        :param message: the message
        :param args: what is put into the message
        :param key: what tells messages apart; the message and its arguments by default
        :param kwargs: further arguments of :meth:`logging.Logger.warning`
        """
        key = (message, *args) if key is None else key
        if key not in self._said:
            self._said.add(key)
            self._logger.warning(message, *args, **kwargs)
