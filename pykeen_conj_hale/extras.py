"""Libraries that are optional: each is imported when it is needed, and an error says how to get it."""

from __future__ import annotations

from types import ModuleType

__all__ = ["import_safetensors"]


def import_safetensors() -> ModuleType:
    """Import safetensors, with its parts for NumPy and PyTorch.

    :return: the package
    :raises ImportError: if it is not installed
    """
    try:
        import safetensors
        import safetensors.numpy
        import safetensors.torch
    except ImportError as error:
        raise ImportError("safetensors is not installed: pip install 'pykeen-conj-hale[safetensors]'.") from error
    return safetensors
