"""What is left out where an optional dependency is missing is said once, not after each run."""

from __future__ import annotations

import functools
import logging

__all__ = ["warn_missing"]

logger = logging.getLogger(__name__)


@functools.cache
def warn_missing(what: str, reason: str) -> None:
    """Log that something is left out, the first time.

    :param what: what is left out
    :param reason: what the import said, and what would do
    """
    logger.warning("%s: %s", what, reason)
