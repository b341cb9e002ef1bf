"""Passwords in the URL of a database: kept out of all that is shown."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_plus

__all__ = ["hide_passwords", "redact"]

#: What stands for a password
_HIDDEN: Final = "***"

#: ``user:PASSWORD@``, also in a URL that is none: without slashes, or with an @ in the password
_IN_USER_INFO: Final = re.compile(r"^(?:[\w+.-]+:/+|(?![\w+.-]+:/))[^:@/]*:(?P<secret>.*)@", re.DOTALL)

#: ``?password=PASSWORD``, and whatever else drivers take secrets in
_IN_QUERY: Final = re.compile(
    r"[?&;](?:[^=&;]*(?:pass|pwd|secret|token|key)[^=&;]*|odbc_connect)=(?P<secret>[^&;]*)", re.IGNORECASE
)


def _spans(text: str) -> list[tuple[int, int]]:
    """Find the passwords in a URL: where each begins and ends."""
    first = _IN_USER_INFO.match(text)
    spans = [] if first is None else [first.span("secret")]
    begin = 0 if first is None else first.end()
    spans += [match.span("secret") for match in _IN_QUERY.finditer(text, begin)]
    return [(start, end) for start, end in spans if start < end]


def hide_passwords(text: str) -> str:
    """Write a database's URL without its passwords.

    :param text: the URL, or what was meant to be one
    :return: the same with ``***`` in the place of each password
    """
    for start, end in reversed(_spans(text)):
        text = f"{text[:start]}{_HIDDEN}{text[end:]}"
    return text


def redact(message: str, url: str) -> str:
    """Hide the passwords of a URL in a message of someone else, such as a driver.

    :param message: the message
    :param url: the URL
    :return: the message without them, as they are in the URL or decoded
    """
    secrets = {url[start:end] for start, end in _spans(url)}
    secrets |= {decode(secret) for secret in secrets for decode in (unquote, unquote_plus)}
    # an unencoded @ or / in a password: drivers then take a part of it for the host
    secrets |= {part for secret in secrets for part in re.split("[@/:?#]", secret) if len(part) > 2}
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, _HIDDEN)
    return message
