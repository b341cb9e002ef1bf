"""The weighted sum of the vectors of a text's features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from .vocabulary import PAD

__all__ = ["WordSum"]


class WordSum(nn.Module):
    r"""Composes vectors of texts from the vectors of their features, by learned weights.

    .. math::
        s_e = \sum_{(w, k) \in e} m_w\, a_w\, \exp(b_k)\, v_w

    The weight :math:`a_w` of a feature w starts at its inverse document frequency, :math:`b_k` of its kind k at 0.
    In training each feature is left out with the probability p: its mask :math:`m_w` is 0 or 1.

    :param idf: shape: ``(num_features + 1,)``, the weights at the start; that of :data:`PAD` is 0
    :param num_kinds: the number of kinds
    :param dim: the number d of real values of a vector
    :param dropout: the probability p, in [0, 1)
    """

    idf: Tensor

    def __init__(self, idf: Tensor, num_kinds: int, dim: int, dropout: float) -> None:
        super().__init__()
        self.dropout = dropout
        self.register_buffer("idf", idf, persistent=False)
        self.vectors = nn.Parameter(torch.empty(len(idf), dim))
        self.weights = nn.Parameter(torch.empty(len(idf)))
        self.kind_weights = nn.Parameter(torch.empty(num_kinds))
        self._start: tuple[Tensor, Tensor] | None = None
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw vectors of length 1 in the mean, or take given ones; set the weights to the document frequencies."""
        nn.init.normal_(self.vectors, std=self.vectors.shape[-1] ** -0.5)
        nn.init.zeros_(self.kind_weights)
        with torch.no_grad():
            self.weights.copy_(self.idf)
            if self._start is not None:
                rows, vectors = self._start
                self.vectors[rows.to(self.vectors.device)] = vectors.to(self.vectors)

    def start_from(self, rows: Tensor, vectors: Tensor) -> None:
        """Let features start from given vectors, now and whenever the parameters are reset.

        :param rows: shape: ``(m,)``, the numbers of the features
        :param vectors: shape: ``(m, d)``
        """
        self._start = rows, vectors.detach().clone()
        with torch.no_grad():
            self.vectors[rows.to(self.vectors.device)] = vectors.to(self.vectors)

    def forward(self, tokens: Tensor, kinds: Tensor) -> tuple[Tensor, Tensor]:
        """Compose the vectors of texts.

        :param tokens: shape: ``(n, L)``, the numbers of features, filled up with :data:`PAD`
        :param kinds: shape: ``(n, L)``, their kinds
        :return: shape: ``(n, d)``, the sums; shape: ``(n,)``, whether a feature is left
        """
        kept = tokens != PAD
        if tokens.device.type == "cpu":
            # most rows are much shorter than the longest one: what fills them up is left out first
            place = kept.flatten().nonzero().squeeze(dim=-1)
            place = place[self._draw(place.shape, place.device)] if self._drops else place
            lengths = (place // max(tokens.shape[1], 1)).bincount(minlength=len(tokens))
            return self._sum_of_bags(tokens.flatten()[place], kinds.flatten()[place], lengths), lengths > 0
        # no number of kept features, which the device would have to be asked for
        kept = kept & self._draw(tokens.shape, tokens.device) if self._drops else kept
        weights = self._weights_of(tokens, kinds) * kept
        sums = functional.embedding_bag(tokens, self.vectors, per_sample_weights=weights, mode="sum")
        return sums, kept.any(dim=-1)

    @property
    def _drops(self) -> bool:
        return self.training and self.dropout > 0

    def _draw(self, shape: torch.Size, device: torch.device) -> Tensor:
        """Draw which features are kept."""
        return torch.rand(shape, device=device) >= self.dropout

    def _weights_of(self, tokens: Tensor, kinds: Tensor) -> Tensor:
        return self.weights[tokens] * self.kind_weights.exp()[kinds.int()]

    def _sum_of_bags(self, tokens: Tensor, kinds: Tensor, lengths: Tensor) -> Tensor:
        offsets = (lengths.cumsum(dim=0) - lengths).to(tokens.dtype)
        weights = self._weights_of(tokens, kinds)
        return functional.embedding_bag(tokens, self.vectors, offsets, per_sample_weights=weights, mode="sum")

    def extra_repr(self) -> str:
        """Show the sizes."""
        size, dim = self.vectors.shape
        return f"{size - 1} features, {len(self.kind_weights)} kinds, dim={dim}, dropout={self.dropout}"
