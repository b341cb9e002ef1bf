"""Batches of queries whose scores fit the cache and the memory."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeVar

import torch
from pykeen.models import ERModel, Model
from pykeen.nn import Embedding, Representation
from pykeen.typing import LABEL_RELATION, LABEL_TAIL, Target
from torch_max_mem.api import is_oom_error

from ..nn import QueryInteraction

__all__ = ["default_batch_size", "in_batches"]

logger = logging.getLogger(__name__)

Result = TypeVar("Result")

#: Scores of one batch: on a CPU they should stay in the cache while they are compared
_SCORES: Final = {"cpu": 2**21}
_SCORES_ACCELERATOR: Final = 2**27
#: Numbers of one batch of a model that makes a vector per score: 1 GiB on a CPU, where WN18RR in 200 dimensions has the
#: batches of 32 that are PyKEEN's default, else 4 GiB
_VALUES: Final = {"cpu": 2**28}
_VALUES_ACCELERATOR: Final = 2**30


def default_batch_size(
    model: Model, num_scored: int, device: torch.device, targets: Collection[Target] = (LABEL_TAIL,)
) -> int:
    """Choose the number of queries whose scores are compared at once.

    :param model: the model. One of PyKEEN's may make a vector of the entities' dimension per score, and a query model
        does so for relations, as the query depends on them
    :param num_scored: the number of entities, or relations, that are scored
    :param device: the device of the scores
    :param targets: what is asked for
    :return: a number ≥ 1
    """
    size = _SCORES.get(device.type, _SCORES_ACCELERATOR) // num_scored
    if isinstance(model, ERModel) and (
        LABEL_RELATION in targets or not isinstance(model.interaction, QueryInteraction)
    ):
        numbers = max(math.prod(x.shape) * (2 if _is_complex(x) else 1) for x in model.entity_representations)
        size = min(size, _VALUES.get(device.type, _VALUES_ACCELERATOR) // (num_scored * numbers))
    return max(1, size)


def _is_complex(representation: Representation) -> bool:
    return isinstance(representation, Embedding) and bool(representation.is_complex)


def _is_out_of_memory(error: RuntimeError) -> bool:
    # what PyTorch says on a CPU, but for Windows, is not known there
    return is_oom_error(error) or "DefaultCPUAllocator: can't allocate memory" in str(error)


def in_batches(
    work: Callable[[slice], Result], number: int, batch_size: int, *, may_shrink: bool = True
) -> Iterator[Result]:
    """Work on queries batch by batch. A batch for which there is no memory is halved, and so are all after it.

    :param work: what to do with the queries of a slice
    :param number: the number of queries
    :param batch_size: the number of queries of a batch, at most
    :param may_shrink: whether batches may be halved; not where other processes work on the same batches
    :return: the results, in the order of the queries
    :raises RuntimeError: of PyTorch, if there is no memory for one query
    """
    start = 0
    while start < number:
        batch = slice(start, min(start + batch_size, number))
        length = batch.stop - start
        try:
            result = work(batch)
        except RuntimeError as error:
            if length == 1 or not (may_shrink and _is_out_of_memory(error)):
                raise
        else:
            yield result
            start = batch.stop
            continue
        # here the error is gone, and the tensors that it held
        batch_size = length // 2
        logger.info("There is no memory for batches of %d queries: they have %d from now on.", length, batch_size)
        if torch.cuda.is_available():
            torch.cuda.empty_cache()
