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
        :param key: what tells messages apart; their text by default
        :param kwargs: further arguments of :meth:`logging.Logger.warning`
        """
        # the text, as an exception among the arguments equals no other
        key = (message % args if args else message) if key is None else key
        if key not in self._said:
            self._said.add(key)
            self._logger.warning(message, *args, **kwargs)
