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

from typing import Any

import torch
from torch import Tensor

from .stream import Stream

__all__ = ["StreamingLogSumExp"]


class StreamingLogSumExp(torch.autograd.Function):
    """log Σ_j exp(-h(x_ij)) over chunks of entities, in memory independent of their number."""

    @staticmethod
    def forward(
        ctx: Any, left: Tensor, entity: Tensor, bias: Tensor | None, rows: Tensor | None, stream: Stream, keep: bool
    ) -> Tensor:
        """Stream the log-sum-exp; rows are a map's, see :meth:`Stream.left_factors`.

        With keep, the weights of a bounded activation are kept for the backward pass.
        """
        maximum = left.new_full((left.shape[0], 1), 0.0 if stream.is_bounded else -torch.inf)
        total = torch.zeros_like(maximum)
        kept = []
        products = _Products(left, stream)
        for chunk, right in stream.right_factors(left, entity, bias):
            y = products(right)
            if stream.map is not None and rows is not None:
                psi = stream.map.values(y, stream.own_rows(rows), right[:, -2])
                y = stream.mapped(psi, rows, bias, chunk)
            if stream.is_bounded:
                part, weights = stream.passes.weigh(stream.activation, y, maximum)
                total += part
                if keep and stream.may_keep:
                    kept.append(weights)
            else:
                maximum, total = stream.passes.running_sum(stream.activation, y, maximum, total)
        result = maximum + total.log()
        ctx.save_for_backward(left, entity, bias, rows, result, *kept)
        ctx.stream = stream
        return result.squeeze(dim=-1)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, grad_output: Tensor) -> tuple[Tensor | None, ...]:
        """Take the weights from the forward pass, or compute them anew, and send their gradient on."""
        left, entity, bias, rows, log_normaliser, *kept = ctx.saved_tensors
        stream: Stream = ctx.stream
        needs_entity, needs_bias = ctx.needs_input_grad[1:3]
        dim = entity.shape[1]
        grad_left = torch.zeros_like(left)
        grad_entity = torch.empty_like(entity) if needs_entity else None
        grad_bias = torch.empty_like(bias) if bias is not None and needs_bias else None
        # ∂ℓ_i/∂y_ij is row_i · g_ij
        row = grad_output.to(left.dtype).unsqueeze(dim=-1) * -stream.activation.height
        if kept:
            row = row * log_normaliser.neg().exp_()
        mapped = None if rows is None else _Mapped(stream, rows, bias, row, log_normaliser, grad_bias)
        outer = row if mapped is None else mapped.outer
        weighted_left = outer * left
        products = _Products(left, stream)
        for i, (chunk, right) in enumerate(stream.right_factors(left, entity, bias)):
            squares = None
            if kept:
                g = kept[i]
            elif mapped is None:
                _, g = stream.passes.weigh(stream.activation, products(right), log_normaliser)
            else:
                g, squares = mapped.weights(products(right), right[:, -2], chunk)
            grad_left.addmm_(g, right)
            if grad_entity is None and grad_bias is None:
                continue
            grad_right = g.T @ weighted_left
            if squares is not None:
                grad_right[:, dim] += squares
            if grad_entity is not None:
                part = grad_right[:, :dim]
                if stream.squared:  # ∂‖e‖²/∂e = 2e
                    part = torch.addcmul(part, right[:, :dim], grad_right[:, dim : dim + 1], value=2.0)
                grad_entity[chunk] = part
            if grad_bias is not None and mapped is None:
                grad_bias[chunk] = grad_right[:, -1]
        grad_rows = None if mapped is None else mapped.grad_rows()
        return grad_left.mul_(outer), grad_entity, grad_bias, grad_rows, None, None


class _Mapped:
    """The backward pass through a map: y = b (c ψ - b_j - b'_i) + c', with all that depends on i alone as factors."""

    def __init__(
        self,
        stream: Stream,
        rows: Tensor,
        bias: Tensor | None,
        row: Tensor,
        log_normaliser: Tensor,
        grad_bias: Tensor | None,
    ) -> None:
        self.stream, self.rows, self.bias, self.log_normaliser = stream, rows, bias, log_normaliser
        self.grad_bias = grad_bias
        self.of_x = row * stream.activation.slope
        #: the factor of the weights of ψ
        self.outer = row * rows[:, :1] * stream.activation.slope
        self._sums = [torch.zeros_like(row) for _ in range(rows.shape[1])]

    def weights(self, block: Tensor, squares: Tensor, chunk: slice) -> tuple[Tensor, Tensor | None]:
        """Compute the weights of the block, and those of ‖e‖²; sum up those of the rows and the biases."""
        stream, own = self.stream, self.stream.own_rows(self.rows)
        assert stream.map is not None
        slopes = stream.map.slopes(block, own, squares)
        y = stream.mapped(slopes[0], self.rows, self.bias, chunk)
        _, g = stream.passes.weigh(stream.activation, y, self.log_normaliser)
        parts = [(g * slopes[0]).sum(dim=-1, keepdim=True)]
        if stream.has_offset:
            parts.append(-g.sum(dim=-1, keepdim=True))
        if self.grad_bias is not None:
            self.grad_bias[chunk] = (g.T @ self.of_x).squeeze(dim=-1).neg_()
        g, of_own, of_squares = stream.map.pull_back(g, slopes, own, squares, self.outer)
        for total, part in zip(self._sums, [*parts, *of_own], strict=True):
            total.add_(part)
        return g, of_squares

    def grad_rows(self) -> Tensor:
        """Put the gradients of the rows together: that of the scale and the offset is of x, that of the rest of ψ."""
        own = 1 + self.stream.has_offset
        factors = [self.of_x] * own + [self.outer] * (len(self._sums) - own)
        return torch.cat([total * factor for total, factor in zip(self._sums, factors, strict=True)], dim=-1)


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
