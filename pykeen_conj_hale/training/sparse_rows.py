"""Look-ups with sparse gradients, and their gradients where only dense ones are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from pykeen.training import TrainingLoop
from torch import Tensor, nn

__all__ = ["DenseGradients", "rows_of", "sparse_lookups"]


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
    parameter.grad = gradient.coalesce()
    rows = rows_of(parameter.grad)[1]
    stand_in = nn.Parameter(rows)
    stand_in.grad = rows
    return stand_in
