"""Steps that update the looked-up rows of entities only, and so do not grow with the graph: where that is right."""

from __future__ import annotations

import logging
from typing import Final

from pykeen.models import ERModel
from pykeen.nn.representation import Embedding
from torch import nn
from torch.optim import SGD, Adagrad, Adam, Optimizer, SparseAdam

from ..pykeen_internals import entity_representations, is_plain_embedding, weight_of
from ..sharding.embedding import ShardedEmbedding
from .lazy_adam import LazyAdam, option_in_the_way
from .query_terms import HasTerms, QueryTerms

__all__ = ["LARGE_GRAPH", "choose_sparse_updates"]

logger = logging.getLogger(__name__)

#: The number of entities from which on it is done without being asked for: a step then takes less time and memory
#: (docs/results.md), and PyKEEN's usual benchmarks, which have fewer, are trained as ever
LARGE_GRAPH: Final = 100_000

#: What an option does that is in the way, and what to do
_IN_THE_WAY: Final = {
    "weight_decay": "changes all entities in each step; leave it out",
    "momentum": "goes on to move entities without a gradient; leave it out",
    "amsgrad": "is not known by steps that update the looked-up rows only; leave it out",
    "fused": "takes dense gradients only; leave it out",
    "capturable": "asks for steps that a CUDA graph can hold, and these are none; leave it out",
    "differentiable": "asks for steps that have a gradient, and these have none; leave it out",
    "betas": "moves an entity without a further gradient ever further; betas[0] must be less than the square root of "
    "betas[1], as in PyTorch's (0.9, 0.999)",
}


def choose_sparse_updates(terms: QueryTerms, optimizer: Optimizer, wanted: bool | None) -> bool:
    """Let look-ups of entities have sparse gradients, and the optimizer update their rows only, where that is right.

    :param terms: the terms of the loss, whose look-ups are changed
    :param optimizer: the optimizer, before its first step; Adam becomes
        :class:`~pykeen_conj_hale.training.lazy_adam.LazyAdam`
    :param wanted: whether to do it; None for graphs of :data:`LARGE_GRAPH` entities and more
    :return: whether it is done
    :raises ValueError: if it is wanted and not possible
    """
    if wanted is False or (wanted is None and terms.num_entities < LARGE_GRAPH):
        return False
    tables, reason = _entity_tables(terms), _look_at_loss(terms)
    if reason is None and not tables:
        reason = f"model={type(terms.model).__name__} has no trained plain embedding of entities"
    if reason is not None:
        if wanted:
            raise ValueError(f"sparse_updates=True is not possible: {reason}.")
        return False
    reason = _make_lazy(optimizer)
    if reason is not None and wanted:
        raise ValueError(f"sparse_updates=True is not possible: {reason}.")
    if reason is not None:
        logger.warning("Each step updates all %d entities, which takes long: %s.", terms.num_entities, reason)
        return False
    terms.sparse_tables = tables
    logger.info(
        "Each step updates the looked-up rows of the %d entities only, by %s. "
        "training_loop_kwargs=dict(sparse_updates=False) updates all of them.",
        terms.num_entities,
        type(optimizer).__name__,
    )
    return True


def _entity_tables(terms: QueryTerms) -> list[nn.Embedding]:
    """List the tables of entities whose look-ups may have sparse gradients."""
    if not isinstance(terms.model, ERModel):
        return []
    representations = entity_representations(terms.model, terms.mode)
    tables = [
        weight_of(x)
        for x in representations
        if isinstance(x, ShardedEmbedding) or (isinstance(x, Embedding) and is_plain_embedding(x))
    ]
    return [table for table in tables if table.weight.requires_grad]


def _look_at_loss(terms: QueryTerms) -> str | None:
    """Say why a step has a gradient for each entity, if it has."""
    if terms.loss.num_candidates(terms.num_entities) is None:
        return "the loss compares with all entities; candidates=... of HaLE and AllNeg compares with a sample"
    if isinstance(terms.model, HasTerms):
        return f"model={type(terms.model).__name__} adds terms of its own, which may depend on all entities"
    return None


def _make_lazy(optimizer: Optimizer) -> str | None:
    """Let an optimizer take sparse gradients, if it then changes the rows with a gradient only; else say why not."""
    if isinstance(optimizer, LazyAdam):
        return None
    if isinstance(optimizer, SparseAdam):
        return "optimizer=SparseAdam takes sparse gradients only, and those of relations are dense; take Adam"
    if type(optimizer) not in (Adam, Adagrad, SGD):
        return (
            f"optimizer={type(optimizer).__name__} changes entities without a gradient, too; Adam, Adagrad and SGD do "
            "not without weight decay, AMSGrad and momentum of SGD"
        )
    name = _find_option(optimizer)
    if name is not None:
        value = optimizer.param_groups[0][name]
        return f"optimizer={type(optimizer).__name__} has {name}={value!r}, which {_IN_THE_WAY[name]}"
    if type(optimizer) is Adam:
        # the same object: a schedule has it, and the learning rate that was given is told from the default by identity
        optimizer.__class__ = LazyAdam
        # where a schedule counts steps, it has bound Adam's
        vars(optimizer).pop("step", None)
        return None
    for group in optimizer.param_groups:
        # asked for: the fused steps know dense gradients only
        group["fused"] = False
    return None


def _find_option(optimizer: Optimizer) -> str | None:
    """Find the option of Adam, Adagrad or SGD that is in the way, if there is one."""
    options = optimizer.param_groups[0]
    if type(optimizer) is Adam:
        return option_in_the_way(options)
    return next((x for x in ("weight_decay", "momentum", "fused", "differentiable") if options.get(x)), None)
