r"""The autograd function behind :mod:`~pykeen_conj_hale.streaming.logsumexp`, and its passes over one chunk.

With :math:`h(x) = a\,k(b x + c)`, a chunk's block of arguments :math:`y = b x + c` is one matrix product,
:math:`y_{ij} = \langle a_i, \hat e_j\rangle`, and

.. math::
    \ell_i = \log\sum_j e^{-a k(y_{ij})}, \qquad
    \frac{\partial \ell_i}{\partial y_{ij}} = -a\, e^{-\ell_i}\, e^{-a k(y_{ij})}\, k'(y_{ij}) .

All that depends on i alone is left to the factors of the two products of the backward pass. A bounded activation needs
no running maximum; then the forward pass knows :math:`e^{-a k} k'` already, and keeps it where it is small.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .activations import HardnessActivation
from .links import Link

__all__ = ["EAGER", "Passes", "Stream", "StreamingLogSumExp", "running_sum", "weigh"]

#: exp(-h) of an activation bounded by this neither over- nor underflows in float32, and needs no running maximum
_SAFE_BOUND = 80.0


def weigh(activation: HardnessActivation, y: Tensor, reference: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the sum over a chunk of w = exp(-h - reference), and w k'.

    :param activation: the activation, h = a k
    :param y: shape: ``(m, chunk)``, the arguments of k
    :param reference: shape: ``(m, 1)``
    :return: shapes: ``(m, 1)`` and ``(m, chunk)``
    """
    k = activation.unit(y)
    w = torch.add(-reference, k, alpha=-activation.height).exp_()
    return w.sum(dim=-1, keepdim=True), w.mul_(activation.unit_derivative(y, k))


def running_sum(activation: HardnessActivation, y: Tensor, maximum: Tensor, total: Tensor) -> tuple[Tensor, Tensor]:
    """Add a chunk to a sum of exp(-h) whose maximal exponent is taken out.

    :param activation: the activation, h = a k
    :param y: shape: ``(m, chunk)``, the arguments of k
    :param maximum: shape: ``(m, 1)``, the maximum of -h so far
    :param total: shape: ``(m, 1)``, the sum of exp(-h - maximum) so far
    :return: the new maximum and sum
    """
    f = activation.unit(y) * -activation.height
    new = torch.maximum(maximum, f.amax(dim=-1, keepdim=True))
    return new, total * (maximum - new).exp() + f.sub_(new).exp_().sum(dim=-1, keepdim=True)


class Passes(NamedTuple):
    """The passes over the block of a chunk, as written above or compiled."""

    weigh: Callable[..., tuple[Tensor, Tensor]]
    running_sum: Callable[..., tuple[Tensor, Tensor]]


#: The passes as PyTorch runs them, one operation after the other
EAGER = Passes(weigh, running_sum)


@dataclass(frozen=True)
class Stream:
    """What a stream computes, apart from its tensors."""

    squared: bool
    activation: HardnessActivation
    link: Link | None
    chunk_size: int
    passes: Passes

    @property
    def is_bounded(self) -> bool:
        """Whether sums of exp(-h) need no running maximum."""
        return self.activation.bound <= _SAFE_BOUND

    @property
    def shift(self) -> float:
        """The part of c which the matrix product adds; it has a column of ones for the squared distance anyway."""
        return 0.0 if self.link else self.activation.shift

    def left_factor(self, query: Tensor, scale: Tensor | None, has_bias: bool) -> Tensor:
        """Build the factors of the queries; those of the entities are :meth:`right_factors`'.

        :param query: shape: ``(m, d)``
        :param scale: shape: ``(m,)``, None for 1
        :param has_bias: whether entities have a bias
        :return: shape: ``(m, k)``
        """
        ones = query.new_ones(query.shape[0], 1)
        if self.link:
            return torch.cat([-2.0 * query, ones, query.square().sum(dim=-1, keepdim=True)], dim=-1)
        c = self.activation.slope * (ones if scale is None else scale.unsqueeze(dim=-1))
        if self.squared:
            columns = [-2.0 * c * query, c, c * query.square().sum(dim=-1, keepdim=True) + self.shift]
        else:
            columns = [-c * query, *([self.shift * ones] if self.shift else [])]
        if has_bias:
            columns.append(-self.activation.slope * ones)
        return torch.cat(columns, dim=-1)

    def right_factors(self, left: Tensor, entity: Tensor, bias: Tensor | None) -> Iterator[tuple[slice, Tensor]]:
        """Iterate over chunks of entities and their factors: [e], [‖e‖², 1], and b, as the similarity needs them."""
        num_entities, dim = entity.shape
        bias = None if self.link else bias
        out = left.new_empty(min(self.chunk_size, num_entities), left.shape[1])
        out[:, dim:] = 1.0
        for start in range(0, num_entities, self.chunk_size):
            chunk = slice(start, min(start + self.chunk_size, num_entities))
            right = out[: chunk.stop - start]
            vectors = right[:, :dim]
            vectors.copy_(entity[chunk])
            if self.squared:
                torch.linalg.vecdot(vectors, vectors, out=right[:, dim])
            if bias is not None:
                right[:, -1] = bias[chunk]
            yield chunk, right

    def linked(self, psi: Tensor, scale: Tensor, bias: Tensor | None, chunk: slice) -> Tensor:
        """Compute y = b (c_i ψ - b_j) + c from the link's values."""
        x = psi * scale
        return self.activation.inner(x if bias is None else x.sub_(bias[chunk]))


class StreamingLogSumExp(torch.autograd.Function):
    """log Σ_j exp(-h(x_ij)) over chunks of entities, in memory independent of their number."""

    @staticmethod
    def forward(
        ctx: Any, left: Tensor, entity: Tensor, bias: Tensor | None, scale: Tensor | None, stream: Stream, keep: bool
    ) -> Tensor:
        """Stream the log-sum-exp; scale is the link's, which is not in the factors.

        With keep, the weights of a bounded activation are kept for the backward pass.
        """
        maximum = left.new_full((left.shape[0], 1), 0.0 if stream.is_bounded else -torch.inf)
        total = torch.zeros_like(maximum)
        kept = []
        products = _Products(left, stream)
        for chunk, right in stream.right_factors(left, entity, bias):
            y = products(right)
            if stream.link is not None and scale is not None:
                y = stream.linked(stream.link(y), scale, bias, chunk)
            if stream.is_bounded:
                part, weights = stream.passes.weigh(stream.activation, y, maximum)
                total += part
                if keep and not stream.link:
                    kept.append(weights)
            else:
                maximum, total = stream.passes.running_sum(stream.activation, y, maximum, total)
        result = maximum + total.log()
        ctx.save_for_backward(left, entity, bias, scale, result, *kept)
        ctx.stream = stream
        return result.squeeze(dim=-1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Take the weights from the forward pass, or compute them anew, and send their gradient on."""
        left, entity, bias, scale, log_normaliser, *kept = ctx.saved_tensors
        stream: Stream = ctx.stream
        needs_entity, needs_bias = ctx.needs_input_grad[1:3]
        dim = entity.shape[1]
        grad_left = torch.zeros_like(left)
        grad_entity = torch.empty_like(entity) if needs_entity else None
        grad_bias = torch.empty_like(bias) if bias is not None and needs_bias else None
        grad_scale = None if scale is None else torch.zeros_like(scale)
        # ∂ℓ_i/∂y_ij is row_i · g_ij
        row = grad_output.to(left.dtype).unsqueeze(dim=-1) * -stream.activation.height
        if kept:
            row = row * log_normaliser.neg().exp_()
        outer = row if scale is None else row * scale * stream.activation.slope
        weighted_left = outer * left
        products = _Products(left, stream)
        for i, (chunk, right) in enumerate(stream.right_factors(left, entity, bias)):
            if kept:
                g = kept[i]
            elif grad_scale is None:
                _, g = stream.passes.weigh(stream.activation, products(right), log_normaliser)
            else:
                g = _linked_weights(
                    stream, products(right), scale, bias, chunk, log_normaliser, row, grad_scale, grad_bias
                )
            grad_left.addmm_(g, right)
            if grad_entity is None and grad_bias is None:
                continue
            grad_right = g.T @ weighted_left
            if grad_entity is not None:
                part = grad_right[:, :dim]
                if stream.squared:  # ∂‖e‖²/∂e = 2e
                    part = torch.addcmul(part, right[:, :dim], grad_right[:, dim : dim + 1], value=2.0)
                grad_entity[chunk] = part
            if grad_bias is not None and stream.link is None:
                grad_bias[chunk] = grad_right[:, -1]
        if grad_scale is not None:
            grad_scale.mul_(row * stream.activation.slope)
        return grad_left.mul_(outer), grad_entity, grad_bias, grad_scale, None, None


def _linked_weights(
    stream: Stream,
    block: Tensor,
    scale: Tensor,
    bias: Tensor | None,
    chunk: slice,
    log_normaliser: Tensor,
    row: Tensor,
    grad_scale: Tensor,
    grad_bias: Tensor | None,
) -> Tensor:
    """Compute the weights of u in y = b (c ψ(u) - b_j) + c', without the factor c; add the gradients of c and b_j."""
    assert stream.link is not None
    psi = stream.link(block)
    _, g = stream.passes.weigh(stream.activation, stream.linked(psi, scale, bias, chunk), log_normaliser)
    grad_scale.add_((g * psi).sum(dim=-1, keepdim=True))
    if grad_bias is not None:
        grad_bias[chunk] = (g.T @ row).squeeze(dim=-1).mul_(-stream.activation.slope)
    return g.mul_(stream.link.derivative(block))


class _Products:
    """The products of the queries' factors with those of a chunk, all in the same memory, which stays in the cache."""

    def __init__(self, left: Tensor, stream: Stream) -> None:
        self.left = left
        self.memory = left.new_empty(0)
        self.chunk_size = stream.chunk_size

    def __call__(self, right: Tensor) -> Tensor:
        shape = (len(self.left), len(right))
        if not len(self.memory):
            self.memory = self.left.new_empty(shape[0] * shape[1])
        return torch.mm(self.left, right.T, out=self.memory[: shape[0] * shape[1]].view(shape))
