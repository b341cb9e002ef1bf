"""Checks before a training by several processes."""

from __future__ import annotations

import logging

from pykeen.models import Model
from pykeen.regularizers import NormLimitRegularizer, OrthogonalityRegularizer
from pykeen.utils import get_batchnorm_modules
from torch.nn import SyncBatchNorm

__all__ = ["check_processes"]

logger = logging.getLogger(__name__)

#: PyKEEN's regularizers that are sums over the rows of a batch, and not means
_SUMMING_REGULARIZERS = (NormLimitRegularizer, OrthogonalityRegularizer)


def check_processes(model: Model, *, batch_size: int, world_size: int, is_first: bool) -> None:
    """Check that several processes train a model as one process would, and warn where batch normalization differs.

    :param model: the model
    :param batch_size: the number of triples per step, over all processes
    :param world_size: the number of processes
    :param is_first: whether this is the first process, which is the one that warns
    :raises ValueError: if the model cannot be trained in so many processes
    """
    if world_size == 1:
        return
    summing = {type(m).__name__ for m in model.modules() if isinstance(m, _SUMMING_REGULARIZERS)}
    if summing:
        raise ValueError(
            f"An average over {world_size} processes cannot give sums over the rows of a batch, which these are: "
            f"{', '.join(sorted(summing))}. Use a regularizer that is a mean (Lp, power sum, N3), or one device."
        )
    norms = get_batchnorm_modules(model)
    if norms and batch_size < 2 * world_size:
        raise ValueError(
            f"batch_size={batch_size} leaves less than two triples for each of {world_size} processes, which "
            "batch normalization needs."
        )
    if is_first and not all(isinstance(norm, SyncBatchNorm) for norm in norms):
        logger.warning(
            "%s has batch normalization: its statistics are those of each process's own share of a batch. On GPUs "
            "Trainer(sync_batchnorm=True) makes them those of the whole batch.",
            type(model).__name__,
        )
