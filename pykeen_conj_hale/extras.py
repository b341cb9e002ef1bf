"""Libraries that are optional: each is imported when it is needed, and an error says how to get it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import ModuleType
from typing import Final

__all__ = ["check_metadata", "import_safetensors"]

#: The most bytes of metadata in a file of safetensors: no library reads a header of more than 100 MB
MAX_METADATA: Final = 99_000_000


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


def check_metadata(metadata: Mapping[str, str]) -> None:
    """Check that a file of safetensors has place for its metadata: some versions write a file that none can read.

    :param metadata: the metadata
    :raises ValueError: if they are too large
    """
    size = len(json.dumps(metadata, ensure_ascii=False).encode())
    if size > MAX_METADATA:
        raise ValueError(
            f"the labels take {size:,} bytes, and a file of safetensors has place for {MAX_METADATA:,}: write the "
            "vectors as text, or take shorter labels."
        )
