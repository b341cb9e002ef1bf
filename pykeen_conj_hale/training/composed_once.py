"""Entities that are composed of something: once per step, for all look-ups of the step."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol, runtime_checkable

from pykeen.models import Model
from torch import Tensor

__all__ = ["ComposesRows", "composed_once", "composes_rows"]


@runtime_checkable
class ComposesRows(Protocol):
    """A representation for which a look-up is work, which several look-ups can share."""

    def composed(self, ids: Tensor | None) -> AbstractContextManager[None]:
        """Compose rows once, with their dropout: all look-ups of them in this context take these.

        :param ids: any shape, the ids of all rows that are looked up within; None for the whole table
        :return: the context
        """


def composes_rows(model: Model) -> bool:
    """Tell whether a model has a representation that composes rows.

    :param model: the model
    :return: whether there is one
    """
    return any(isinstance(module, ComposesRows) for module in model.modules())


@contextmanager
def composed_once(model: Model, ids: Tensor | None) -> Iterator[None]:
    """Let all representations of entities that compose rows do so once.

    :param model: the model
    :param ids: the ids of all entities of the step, None for all entities
    """
    with ExitStack() as stack:
        for module in model.modules():
            if isinstance(module, ComposesRows):
                stack.enter_context(module.composed(ids))
        yield
