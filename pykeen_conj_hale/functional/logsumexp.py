r"""Log-sum-exp over ALL entities, streamed: the uniformity term of query-sampling losses.

.. math::
    \ell_i = \log \sum_{j=1}^{n} \exp(-h(x_{ij})), \qquad x_{ij} = -s_{ij}, \qquad
    s_{ij} = c_i \langle q_i, e_j\rangle + b_j \text{ or } s_{ij} = -c_i \|q_i - e_j\|^2 + b_j

Written plainly this makes some ten passes over an (m, n) matrix and keeps several of them for the backward pass. Here
both similarities are written as ONE inner product :math:`s_{ij} = \langle a_i, \hat e_j\rangle`, e.g.

.. math::
    -c\,\|q - e\|^2 = \langle [2 c q, -c, -c \|q\|^2], [e, \|e\|^2, 1]\rangle

so that a chunk of entities is a matrix product and a few passes over a block that stays in the cache; only the
log-normaliser is kept, and the backward pass computes the chunks anew. Memory beyond the arguments and their gradients
is one chunk, whatever the number of entities.

A similarity which is a function of the squared distance, :math:`s_{ij} = -c_i\, \psi(\|q_i - e_j\|^2) + b_j`, is
streamed as the squared distance with a link ψ; c and b are applied to the block then.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor

from .hardness import HardnessActivation, Identity
from .link import Link

__all__ = ["StreamedSimilarity", "default_chunk_size", "streaming_logsumexp"]

#: The similarities which the stream knows how to write as an inner product
StreamedSimilarity: TypeAlias = Literal["dot", "squared_distance"]

#: Values of one chunk's block of scores. On a CPU it should stay in the second-level cache together with what is
#: computed from it; on an accelerator larger blocks keep all multiprocessors busy.
_BLOCK_VALUES = {"cpu": 2**18}
_BLOCK_VALUES_ACCELERATOR = 2**25
#: exp(-h) of an activation bounded by this neither over- nor underflows in float32, and needs no running maximum
_SAFE_BOUND = 80.0


def default_chunk_size(num_queries: int, device: torch.device) -> int:
    """Choose the number of entities a chunk.

    :param num_queries: the number of queries, m
    :param device: the device of the computation
    :return: a number of entities ≥ 64
    """
    values = _BLOCK_VALUES.get(device.type, _BLOCK_VALUES_ACCELERATOR)
    return max(64, values // max(1, num_queries) // 64 * 64)


def streaming_logsumexp(
    query: Tensor,
    entity: Tensor,
    *,
    similarity: StreamedSimilarity = "dot",
    scale: Tensor | None = None,
    bias: Tensor | None = None,
    activation: HardnessActivation | None = None,
    chunk_size: int | None = None,
    link: Link | None = None,
) -> Tensor:
    """Log-sum-exp over all entities of the activated scores, in memory independent of the number of entities.

    It is differentiable (once) in query, entity, scale and bias. Half precision is computed in float32.

    :param query: shape: ``(m, d)``, real; the query vectors
    :param entity: shape: ``(n, d)``, real, n ≥ 1; the vectors of all entities
    :param similarity: the similarity of a query and an entity
    :param scale: shape: ``(m,)``; the scale c of each query, 1 by default
    :param bias: shape: ``(n,)``; the bias b of each entity, 0 by default
    :param activation: the activation h of minus the score, the identity by default
    :param chunk_size: the number of entities a chunk, ≥ 1; chosen from the device by default
    :param link: the map ψ of the squared distance, none by default; for ``"squared_distance"`` only
    :return: shape: ``(m,)``
    :raises ValueError: if an argument has the wrong shape, device or kind, or is not in the allowed range
    """
    _check(query=query, entity=entity, similarity=similarity, scale=scale, bias=bias, chunk_size=chunk_size)
    if link is not None and similarity != "squared_distance":
        raise ValueError(f"link={link} is a map of the squared distance; it cannot be combined with {similarity=}.")
    with _no_autocast(query.device.type):
        dtype = torch.promote_types(query.dtype, torch.float32)
        query, c = query.to(dtype), None if scale is None else scale.to(dtype)
        if link is None:
            left = _left_factor(query, c, similarity, bias is not None)
            c = None
        else:
            left = _left_factor(query, None, similarity, False)
            c = query.new_ones(query.shape[0], 1) if c is None else c.unsqueeze(dim=-1)
        result: Tensor = _StreamingLogSumExp.apply(  # type: ignore[no-untyped-call]
            left,
            entity,
            bias,
            similarity == "squared_distance",
            activation or Identity(),
            chunk_size or default_chunk_size(query.shape[0], query.device),
            link,
            c,
        )
        return result


def _no_autocast(device_type: str) -> AbstractContextManager[Any]:
    """Switch autocast off, where the device (unlike the meta device) has it."""
    if torch.amp.is_autocast_available(device_type):
        return torch.autocast(device_type, enabled=False)
    return nullcontext()


def _check(
    query: Tensor, entity: Tensor, similarity: str, scale: Tensor | None, bias: Tensor | None, chunk_size: int | None
) -> None:
    if similarity not in ("dot", "squared_distance"):
        raise ValueError(f"similarity={similarity!r} is unknown; choose 'dot' or 'squared_distance'.")
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"chunk_size={chunk_size} must be at least 1, or None to choose it from the device.")
    if query.ndim != 2 or entity.ndim != 2 or query.shape[1] != entity.shape[1] or not entity.shape[0]:
        raise ValueError(
            f"query has shape {tuple(query.shape)} and entity {tuple(entity.shape)}; "
            "needed are (m, d) and (n, d), n ≥ 1."
        )
    for name, tensor, size in (("scale", scale, query.shape[0]), ("bias", bias, entity.shape[0])):
        if tensor is not None and tuple(tensor.shape) != (size,):
            raise ValueError(f"{name} has shape {tuple(tensor.shape)}; needed is ({size},).")
    given = {"query": query, "entity": entity, "scale": scale, "bias": bias}
    for name, tensor in given.items():
        if tensor is None:
            continue
        if not tensor.is_floating_point():
            raise ValueError(f"{name} has dtype {tensor.dtype}; it must be real (view complex vectors as real first).")
        if tensor.device != query.device or (name == "entity" and tensor.dtype != query.dtype):
            raise ValueError(
                f"{name} is {tensor.dtype} on {tensor.device}, but query is {query.dtype} on {query.device}; "
                "they must agree."
            )


def _left_factor(query: Tensor, scale: Tensor | None, similarity: str, has_bias: bool) -> Tensor:
    """Build the factors a_i of x_ij = -s_ij, shape (m, k); the entity's factor is :func:`_fill_right_factor`'s."""
    c = query.new_ones(query.shape[0], 1) if scale is None else scale.unsqueeze(dim=-1)
    if similarity == "dot":
        columns = [-c * query]
    else:
        columns = [-2.0 * c * query, c, c * query.square().sum(dim=-1, keepdim=True)]
    if has_bias:
        columns.append(-torch.ones_like(c))
    return torch.cat(columns, dim=-1)


def _fill_right_factor(out: Tensor, entity: Tensor, bias: Tensor | None, squared: bool) -> None:
    """Write the factors of a chunk of entities, [e], [e, ‖e‖², 1], and b where there are biases, into out."""
    dim = entity.shape[1]
    vectors = out[:, :dim]
    vectors.copy_(entity)
    if squared:
        torch.linalg.vecdot(vectors, vectors, out=out[:, dim])
        out[:, dim + 1] = 1.0
    if bias is not None:
        out[:, -1] = bias


class _StreamingLogSumExp(torch.autograd.Function):
    """log Σ_j exp(-h(x_ij)) over chunks of entities; backward recomputes each chunk from the log-normaliser.

    x_ij is ⟨a_i, ê_j⟩, in which c and b are, or with a link c_i ψ(⟨a_i, ê_j⟩) - b_j.
    """

    @staticmethod
    def forward(
        ctx: Any,
        left: Tensor,
        entity: Tensor,
        bias: Tensor | None,
        squared: bool,
        activation: HardnessActivation,
        chunk_size: int,
        link: Link | None,
        scale: Tensor | None,
    ) -> Tensor:
        """Stream the log-sum-exp."""
        bounded = activation.bound <= _SAFE_BOUND
        maximum = left.new_zeros(left.shape[0], 1) if bounded else left.new_full((left.shape[0], 1), -torch.inf)
        total = torch.zeros_like(maximum)
        for x, _, chunk in _blocks(left, entity, None if link else bias, squared, chunk_size):
            if link is not None and scale is not None:
                x = _scaled(link(x), scale, bias, chunk)
            f = activation(x).neg()
            if not bounded:
                new_maximum = torch.maximum(maximum, f.amax(dim=-1, keepdim=True))
                total.mul_((maximum - new_maximum).exp_())
                maximum = new_maximum
                f.sub_(maximum)
            total.add_(f.exp_().sum(dim=-1, keepdim=True))
        result = maximum + total.log()
        ctx.save_for_backward(left, entity, bias, scale, result)
        ctx.squared, ctx.activation, ctx.chunk_size, ctx.link = squared, activation, chunk_size, link
        return result.squeeze(dim=-1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Recompute each chunk's softmax from the log-normaliser and send its gradient on."""
        left, entity, bias, scale, log_normaliser = ctx.saved_tensors
        link = ctx.link
        dim = entity.shape[1]
        grad_left = torch.zeros_like(left)
        grad_entity = torch.empty_like(entity) if ctx.needs_input_grad[1] else None
        grad_bias = torch.empty_like(bias) if bias is not None and ctx.needs_input_grad[2] else None
        grad_scale = None if scale is None else torch.zeros_like(scale)
        weight = grad_output.to(left.dtype).neg().unsqueeze(dim=-1)
        for block, right, chunk in _blocks(left, entity, None if link else bias, ctx.squared, ctx.chunk_size):
            psi = block if link is None else link(block)
            x = psi if link is None else _scaled(psi, scale, bias, chunk)
            value = ctx.activation(x)
            # ∂ℓ_i/∂x_ij = -softmax_ij h'(x_ij)
            g = ctx.activation.derivative(x, value)
            g.mul_(torch.add(log_normaliser, value).neg_().exp_()).mul_(weight)
            if grad_scale is not None:  # the link's: ∂x/∂u = c ψ', ∂x/∂c = ψ, ∂x/∂b = -1
                grad_scale.add_((g * psi).sum(dim=-1, keepdim=True))
                if grad_bias is not None:
                    grad_bias[chunk] = g.sum(dim=0).neg_()
                g.mul_(link.derivative(block)).mul_(scale)
            grad_left.addmm_(g, right)
            if grad_entity is None and grad_bias is None:
                continue
            grad_right = g.T @ left
            if grad_entity is not None:
                part = grad_right[:, :dim]
                if ctx.squared:  # ∂‖e‖²/∂e = 2e
                    part = torch.addcmul(part, right[:, :dim], grad_right[:, dim : dim + 1], value=2.0)
                grad_entity[chunk] = part
            if grad_bias is not None and link is None:
                grad_bias[chunk] = grad_right[:, -1]
        return grad_left, grad_entity, grad_bias, None, None, None, None, grad_scale


def _scaled(psi: Tensor, scale: Tensor, bias: Tensor | None, chunk: slice) -> Tensor:
    """Compute c ψ - b."""
    x = psi * scale
    return x if bias is None else x.sub_(bias[chunk])


def _blocks(
    left: Tensor, entity: Tensor, bias: Tensor | None, squared: bool, chunk_size: int
) -> Iterator[tuple[Tensor, Tensor, slice]]:
    """Iterate over chunks: the block x, shape (m, chunk), the entities' factors, shape (chunk, k), and their slice."""
    num_entities, num_queries = entity.shape[0], left.shape[0]
    chunk_size = min(chunk_size, num_entities)
    factors = left.new_empty(chunk_size, left.shape[1])
    block = left.new_empty(num_queries * chunk_size)
    for start in range(0, num_entities, chunk_size):
        chunk = slice(start, min(start + chunk_size, num_entities))
        size = chunk.stop - start
        right = factors[:size]
        _fill_right_factor(right, entity[chunk], None if bias is None else bias[chunk], squared)
        x = torch.mm(left, right.T, out=block[: num_queries * size].view(num_queries, size))
        yield x, right, chunk
