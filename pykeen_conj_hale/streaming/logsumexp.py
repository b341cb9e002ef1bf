r"""Log-sum-exp over ALL entities, streamed: the uniformity term of query-sampling losses.

.. math::
    \ell_i = \log \sum_{j=1}^{n} \exp(-h(x_{ij})), \qquad x_{ij} = -s_{ij}, \qquad
    s_{ij} = c_i \langle q_i, e_j\rangle + b_j \text{ or } s_{ij} = -c_i \|q_i - e_j\|^2 + b_j

Written plainly this makes some ten passes over an (m, n) matrix and keeps several of them for the backward pass. Here
both similarities are written as ONE inner product :math:`s_{ij} = \langle a_i, \hat e_j\rangle`, e.g.

.. math::
    -c\,\|q - e\|^2 = \langle [2 c q, -c, -c \|q\|^2], [e, \|e\|^2, 1]\rangle

so that a chunk of entities is a matrix product and a few passes over a block that stays in the cache. Of many entities
only the log-normaliser is kept, and the backward pass computes the chunks anew; of few, where they fit into 64 MiB,
also the weights of the softmax, which saves a product of the four. So memory beyond the arguments and their gradients
is bounded, whatever the number of entities.

A similarity which is a function of the squared distance, :math:`s_{ij} = -c_i\, \psi(\|q_i - e_j\|^2) + b_j`, is
streamed as the squared distance with a link ψ; c and b are applied to the block then. So is the squared hyperbolic
distance, a function of an inner product, ‖e‖², and two numbers per query
(:mod:`~pykeen_conj_hale.functional.hyperbolic_distance`).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeAlias, get_args

import torch
from torch import Tensor

from ..checks import check_bool, check_choice, check_whole
from .activations import HardnessActivation, Identity
from .compiled import compiled_passes
from .kernel import StreamingLogSumExp
from .links import Link
from .maps import BlockMap, HyperbolicMap, LinkMap
from .passes import EAGER, Passes
from .stream import Stream

__all__ = ["StreamedSimilarity", "default_chunk_size", "stored_logsumexp", "streaming_logsumexp"]

#: The similarities which the stream knows how to write as an inner product
StreamedSimilarity: TypeAlias = Literal["dot", "squared_distance", "hyperbolic_distance"]

#: Values of one chunk's block of scores. On a CPU it should stay in the second-level cache together with what is
#: computed from it; on an accelerator larger blocks keep all multiprocessors busy.
_BLOCK_VALUES = {"cpu": 2**19}
_BLOCK_VALUES_ACCELERATOR = 2**23
#: The same where a block goes through a map, whose many passes keep several blocks at once
_MAPPED_BLOCK_VALUES = 2**16
#: Values that the forward pass may keep for the backward pass: 64 MiB in single precision
_KEPT_VALUES = 2**24


def default_chunk_size(num_queries: int, device: torch.device, many_passes: bool = False) -> int:
    """Choose the number of entities per chunk.

    :param num_queries: the number of queries, m
    :param device: the device of the computation
    :param many_passes: whether a block goes through the passes of a map, one after the other
    :return: a number of entities ≥ 64
    """
    values = _BLOCK_VALUES.get(device.type, _BLOCK_VALUES_ACCELERATOR)
    if many_passes and device.type in _BLOCK_VALUES:
        values = _MAPPED_BLOCK_VALUES
    return max(64, values // max(1, num_queries) // 64 * 64)


def stored_logsumexp(scores: Tensor, activation: HardnessActivation | None = None) -> Tensor:
    r"""Compute :math:`\log\sum_j \exp(-h(-s_{ij}))` of scores that are stored.

    :param scores: shape: ``(m, n)``, the scores s
    :param activation: the activation h, the identity by default
    :return: shape: ``(m,)``
    """
    activation = activation or Identity()
    return torch.logsumexp(-activation(-scores), dim=-1)


def streaming_logsumexp(
    query: Tensor,
    entity: Tensor,
    *,
    similarity: StreamedSimilarity = "dot",
    scale: Tensor | None = None,
    bias: Tensor | None = None,
    offset: Tensor | None = None,
    curvature: Tensor | None = None,
    activation: HardnessActivation | None = None,
    chunk_size: int | None = None,
    link: Link | None = None,
    compile: bool = False,
) -> Tensor:
    """Log-sum-exp over all entities of the activated scores, in bounded memory.

    It is differentiable (once) in query, entity, scale, bias, offset and curvature. Half precision is computed in
    float32.

    :param query: shape: ``(m, d)``, real; the query vectors
    :param entity: shape: ``(n, d)``, real, n ≥ 1; the vectors of all entities
    :param similarity: the similarity of a query and an entity
    :param scale: shape: ``(m,)``; the scale c of each query, 1 by default
    :param bias: shape: ``(n,)``; the bias b of each entity, 0 by default
    :param offset: shape: ``(m,)``; what is added to all scores of a query, 0 by default
    :param curvature: shape: ``(m,)``; minus the curvature of each query's space, > 0, for
        ``"hyperbolic_distance"`` only
    :param activation: the activation h of minus the score, the identity by default
    :param chunk_size: the number of entities per chunk, ≥ 1; chosen from the device by default
    :param link: the map ψ of the squared distance, none by default; for ``"squared_distance"`` only
    :param compile: whether to compile the passes over a chunk, see
        :func:`~pykeen_conj_hale.streaming.compiled.compiled_passes`; the first call then takes some seconds
    :return: shape: ``(m,)``
    :raises ValueError: if an argument has the wrong shape, device or kind, or is not in the allowed range
    """
    tensors = {
        "query": query, "entity": entity, "scale": scale, "bias": bias, "offset": offset, "curvature": curvature
    }  # fmt: skip
    _check(tensors, similarity, chunk_size, link)
    if activation is not None and not isinstance(activation, HardnessActivation):
        raise ValueError(
            f"activation={activation!r} is not allowed: it must be a HardnessActivation, which has a derivative."
        )
    check_bool("compile", compile)
    passes = compiled_passes(query.device.type) if compile else EAGER
    block_map = _choose_map(similarity, link, passes)
    # compiled passes are one loop
    many_passes = block_map is not None and passes is EAGER
    stream = Stream(
        squared=similarity != "dot",
        activation=activation or Identity(),
        map=block_map,
        chunk_size=chunk_size or default_chunk_size(query.shape[0], query.device, many_passes),
        passes=passes,
        has_offset=offset is not None,
    )
    with _no_autocast(query.device.type):
        dtype = torch.promote_types(torch.promote_types(query.dtype, entity.dtype), torch.float32)
        scale, offset, curvature = (None if x is None else x.to(dtype) for x in (scale, offset, curvature))
        left, rows = stream.left_factors(query.to(dtype), scale, bias is not None, offset, curvature)
        keep = torch.is_grad_enabled() and query.shape[0] * entity.shape[0] <= _KEPT_VALUES
        result: Tensor = StreamingLogSumExp.apply(left, entity, bias, rows, stream, keep)  # type: ignore[no-untyped-call]
        return result


def _choose_map(similarity: StreamedSimilarity, link: Link | None, passes: Passes) -> BlockMap | None:
    """Choose what is done to blocks."""
    if similarity == "hyperbolic_distance":
        return HyperbolicMap(passes)
    return None if link is None else LinkMap(link)


def _is_autocast(device_type: str) -> bool:
    """Tell whether autocast is on."""
    return torch.amp.is_autocast_available(device_type) and torch.is_autocast_enabled(device_type)


def _no_autocast(device_type: str) -> AbstractContextManager[Any]:
    """Switch autocast off, where the device (unlike the meta device) has it."""
    if torch.amp.is_autocast_available(device_type):
        return torch.autocast(device_type, enabled=False)
    return nullcontext()


def _check(
    tensors: Mapping[str, Tensor | None], similarity: StreamedSimilarity, chunk_size: int | None, link: Link | None
) -> None:
    check_choice("similarity", similarity, get_args(StreamedSimilarity))
    if chunk_size is not None:
        check_whole("chunk_size", chunk_size)
    if link is not None and similarity != "squared_distance":
        raise ValueError(f"link={link} is a map of the squared distance; it cannot be combined with {similarity=}.")
    if (tensors["curvature"] is not None) != (similarity == "hyperbolic_distance"):
        raise ValueError(
            f"curvature={'None' if tensors['curvature'] is None else '…'} cannot be combined with {similarity=}: "
            "a curvature per query is what the hyperbolic distance needs, and only it."
        )
    _check_shapes(tensors)
    query = tensors["query"]
    assert query is not None
    for name, tensor in tensors.items():
        if tensor is not None:
            _check_tensor(name, tensor, query)


def _check_shapes(tensors: Mapping[str, Tensor | None]) -> None:
    query, entity = tensors["query"], tensors["entity"]
    assert query is not None
    assert entity is not None
    if query.ndim != 2 or entity.ndim != 2 or query.shape[1] != entity.shape[1] or not entity.shape[0]:
        raise ValueError(
            f"query has shape {tuple(query.shape)} and entity {tuple(entity.shape)}; "
            "needed are (m, d) and (n, d), n ≥ 1."
        )
    sizes = dict.fromkeys(("scale", "offset", "curvature"), query.shape[0]) | {"bias": entity.shape[0]}
    for name, size in sizes.items():
        tensor = tensors[name]
        if tensor is not None and tuple(tensor.shape) != (size,):
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; needed is ({size},).")


def _check_tensor(name: str, tensor: Tensor, query: Tensor) -> None:
    if not tensor.is_floating_point():
        raise ValueError(f"{name} has dtype {tensor.dtype}; it must be real (view complex vectors as real first).")
    # autocast makes half precision of some of them, as it likes
    other_dtype = name == "entity" and tensor.dtype != query.dtype and not _is_autocast(query.device.type)
    if tensor.device != query.device or other_dtype:
        raise ValueError(
            f"{name} is {tensor.dtype} on {tensor.device}, but query is {query.dtype} on {query.device}; "
            "they must agree."
        )
