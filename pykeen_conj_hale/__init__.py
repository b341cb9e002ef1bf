"""Conjugate parameter sharing and hardness-aware training for PyKEEN."""

import logging
import sys

__version__: str

# as PyKEEN does with its own: what is chosen, and how a training ended, is said wherever PyKEEN's lines are
if logging.getLogger(__name__).level == logging.NOTSET:
    logging.getLogger(__name__).setLevel(logging.INFO)

try:
    from . import discovery

    discovery.install()
except Exception:
    # PyKEEN imports this package on its own and only survives an ImportError: make `discovery` raise that from now on
    sys.modules[f"{__name__}.discovery"] = None  # type: ignore[assignment]
    logging.getLogger(__name__).warning("PyKEEN will not find the names of this package", exc_info=True)


def __getattr__(name: str) -> str:
    """Read the version when it is asked for: reading it costs more than all the rest of this import.

    :param name: name of the missing attribute.
    :returns: the version.
    :raises AttributeError: for any other attribute.
    """
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("pykeen-conj-hale")
    except PackageNotFoundError:  # a source tree which was never installed
        return "0+unknown"
