"""What an object is set to, as texts by name: equal in each process, so that two trainings can be compared."""

from __future__ import annotations

import enum
import functools
import hashlib
import inspect
import numbers
from collections.abc import Iterator, Mapping, Set
from typing import Any, Final

from torch import Tensor, nn
from torch.optim import Optimizer

__all__ = ["describe"]

#: What changes while a training runs, and what changes its speed only
_NO_SETTINGS: Final = {"training", "updated", "num_batches_tracked"}
#: The number of items above which a container is told by its digest
_LONG: Final = 32


def describe(name: str, value: Any, above: frozenset[int] = frozenset()) -> Iterator[tuple[str, str]]:
    """Describe a value by what it is set to: its class, and its plain attributes, down to those of its parts.

    Tensors are left out, as they are learned, but for buffers that are a number, such as a regularizer's weight. So is
    what a training itself changes.

    :param name: the value's name
    :param value: a number, text, container, function, module or other object
    :param above: the identities of what it is a part of
    :return: pairs of a name and a text, which is the same in each process
    """
    if isinstance(value, bool | str | None | enum.Enum):
        yield name, repr(value)
    elif isinstance(value, numbers.Real):
        yield name, repr(float(value))
    elif id(value) in above or isinstance(value, Tensor):
        return
    elif isinstance(value, list | tuple | set | frozenset | Mapping):
        yield from _describe_container(name, value, above | {id(value)})
    elif isinstance(value, functools.partial):
        yield from describe(name, value.func, above)
        yield from describe(f"{name}.arguments", [*value.args, dict(value.keywords)], above)
    elif inspect.isroutine(value) or isinstance(value, type):
        yield name, str(getattr(value, "__qualname__", type(value).__name__))
    else:
        yield name, type(value).__qualname__
        if isinstance(value, nn.Module) or _is_of_pykeen(value):
            for key, part in _parts(value).items():
                yield from describe(f"{name}.{key}", part, above | {id(value)})


def _describe_container(name: str, value: Any, above: frozenset[int]) -> Iterator[tuple[str, str]]:
    """Describe the items of a container; many of them by a digest."""
    is_mapping = isinstance(value, Mapping)
    items = value.items() if is_mapping else enumerate(sorted(value, key=repr) if isinstance(value, Set) else value)
    found = [pair for key, item in items for pair in describe(f"{name}.{key}", item, above)]
    kind = "entries" if is_mapping else "items"
    if len(value) > _LONG:
        yield name, f"{len(value)} {kind} with SHA-256 {hashlib.sha256(repr(found).encode()).hexdigest()}"
    else:
        yield name, f"{len(value)} {kind}"
        yield from found


def _parts(value: Any) -> dict[str, Any]:
    """List the attributes which say what an object is set to."""
    parts = {key: item for key, item in vars(value).items() if not key.startswith("_")}
    if isinstance(value, nn.Module):
        parts.update({key: item.item() for key, item in value.named_buffers(recurse=False) if item.ndim == 0})
        parts.update(value.named_children())
    return {key: item for key, item in parts.items() if key not in _NO_SETTINGS}


def _is_of_pykeen(value: Any) -> bool:
    """Tell whether an object is PyKEEN's or this package's, so that its attributes mean something here."""
    is_ours = type(value).__module__.split(".")[0] in {"pykeen", "pykeen_conj_hale"}
    return is_ours and hasattr(value, "__dict__") and not isinstance(value, Optimizer)
