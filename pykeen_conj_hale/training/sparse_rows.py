"""Look-ups with sparse gradients, and their gradients where only dense ones are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pykeen.training import TrainingLoop
from torch import Tensor, nn

__all__ = ["DenseGradients", "rows_of", "set_aside", "sparse_lookups", "summed_rows"]


@contextmanager
def sparse_lookups(tables: Iterable[nn.Embedding]) -> Iterator[None]:
    """Let look-ups in these tables have sparse gradients.

    :param tables: the tables
    """
    before = [(table, table.sparse) for table in tables]
    for table, _ in before:
        table.sparse = True
    try:
        yield
    finally:
        for table, sparse in before:
            table.sparse = sparse


def rows_of(gradient: Tensor) -> tuple[Tensor, Tensor]:
    """Take a sparse gradient apart, as it is: a row may be there several times.

    PyTorch's public names want it summed first, for which the host would wait for the device.

    :param gradient: sparse in its first dimension
    :return: the rows and their values, which are the gradient's own memory; shapes: ``(n,)`` and ``(n, d)``
    """
    return gradient._indices()[0], gradient._values()


def summed_rows(parameter: Tensor) -> Tensor:
    """Sum what a parameter's sparse gradient has for the same row, for what is not a sum, as clipping.

    :param parameter: the parameter, whose gradient then has each row once
    :return: the rows' values, which are the gradient's own memory; shape: ``(n, d)``
    """
    gradient = parameter.grad
    assert gradient is not None
    parameter.grad = gradient.coalesce()
    return rows_of(parameter.grad)[1]


@contextmanager
def set_aside(tables: Sequence[Tensor]) -> Iterator[list[Tensor]]:
    """Take away the gradients of tables, and put them back.

    :param tables: the tables, which all have one
    """
    gradients = [table.grad for table in tables]
    for table in tables:
        table.grad = None
    try:
        yield gradients  # type: ignore[misc]
    finally:
        for table, gradient in zip(tables, gradients, strict=True):
            table.grad = gradient


class DenseGradients:
    """A training loop as PyKEEN's clipping callbacks see it: all its model's gradients are dense.

    PyTorch clips dense gradients only. Of a sparse one the summed rows are shown; they are the gradient's own memory.

    :param loop: the training loop
    """

    def __init__(self, loop: TrainingLoop[Any]) -> None:
        self._loop = loop

    @property
    def model(self) -> DenseGradients:
        """What has the parameters."""
        return self

    def get_grad_params(self) -> Sequence[Tensor]:
        """List the model's parameters with gradients, as PyKEEN's models do."""
        return [_with_dense_gradient(parameter) for parameter in self._loop.model.get_grad_params()]


def _with_dense_gradient(parameter: nn.Parameter) -> nn.Parameter:
    gradient = parameter.grad
    if gradient is None or not gradient.is_sparse:
        return parameter
    rows = summed_rows(parameter)
    stand_in = nn.Parameter(rows)
    stand_in.grad = rows
    return stand_in
