"""A short text that changes with what an object holds."""

from __future__ import annotations

import hashlib

__all__ = ["fingerprint_of"]


def fingerprint_of(*parts: bytes) -> str:
    """Compute a fingerprint.

    :param parts: all that an object holds; where one part ends and the next one begins makes no difference
    :return: the first 16 hexadecimal digits of their SHA-256
    """
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.hexdigest()[:16]
