"""GloVe's objective over words and the entities of a model."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal, TypeAlias, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from ...checks import check_bool, check_choice, check_number, check_whole
from ...functional.glove import glove_residual
from ..corpus.cooccurrence import Cooccurrence
from .cells import Cells, CellSampler, WeightedDraw
from .matching import match_entities

__all__ = ["ALIGNMENTS", "GloVe", "Lookup"]

#: Gives the real vectors of entities, shape ``(n, d)``, for their ids, shape ``(n,)``
Lookup: TypeAlias = Callable[[Tensor], Tensor]

#: Words are drawn by their frequency to this power (Mikolov et al., 2013)
FREQUENCY_POWER = 0.75

#: What an entity and its word vector may differ by, row by row
ALIGNMENTS: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squared_distance": lambda x, y: (x - y).square().sum(dim=-1),
    "cosine": lambda x, y: 1.0 - functional.cosine_similarity(x, y, dim=-1),
}
Alignment: TypeAlias = Literal["squared_distance", "cosine"]


class GloVe(nn.Module):
    r"""GloVe's weighted least squares (Pennington et al., 2014, https://aclanthology.org/D14-1162/), with entities.

    .. math::
        L = \frac{1}{\sum f(x_{ij})} \sum_{x_{ij} > 0} f(x_{ij})
        \left( \langle w_i, \tilde w_j \rangle + b_i + \tilde b_j - \log x_{ij} \right)^2,
        \qquad f(x) = \min\left(1, (x / x_{\max})^\alpha\right)

    It is GloVe's sum divided by :math:`\sum f`, so that its size does not depend on the corpus, and is estimated from
    cells drawn with probability :math:`f / \sum f`.

    *Tied*, the vector :math:`w_i` of a matched entity is the entity's own embedding. Other tokens have vectors of their
    own. *Untied*, all tokens have vectors of their own. Then :math:`\mu` times the mean difference of matched pairs is
    added, estimated from as many pairs as there are cells. Contexts :math:`\tilde w` and both biases are separate in
    either case.

    *Absent pairs* go beyond GloVe, which looks at cells > 0 only. Of a description nearly all counts are the same, and
    biases alone explain them: GloVe learns nothing from them. So :math:`\nu` times

    .. math::
        \mathbb{E}_{i, j} \left( \langle w_i, \tilde w_j \rangle + b_i + \tilde b_j - \log \varepsilon \right)^2

    is added, over matched entities i, drawn uniformly, and contexts j, drawn by their frequency to the power 0.75 as in
    word2vec: what is not in a description has the count ε. A pair that is present may be drawn, too, which is rare.
    :math:`\nu = 0` is GloVe as published.
    """

    entity_ids: Tensor

    def __init__(
        self,
        cooccurrence: Cooccurrence,
        entity_to_id: Mapping[str, int],
        dim: int,
        *,
        x_max: float = 10.0,
        exponent: float = 0.75,
        batch_size: int = 4096,
        tied: bool = True,
        alignment: Alignment = "squared_distance",
        alignment_weight: float = 1.0,
        absent_weight: float = 1.0,
        absent_count: float = 0.1,
    ) -> None:
        r"""Initialize the objective.

        :param cooccurrence: the co-occurrences
        :param entity_to_id: the ids of the entities by their labels
        :param dim: the number d of real values of an entity
        :param x_max: the count from which on a pair has the full weight, > 0
        :param exponent: the exponent α ≥ 0 of the weight
        :param batch_size: the number of cells drawn for a step, ≥ 1
        :param tied: whether a matched entity's vector is its embedding
        :param alignment: untied, by what a matched pair differs: ``"squared_distance"`` or ``"cosine"`` (1 - cosine)
        :param alignment_weight: untied, the weight μ ≥ 0
        :param absent_weight: the weight ν ≥ 0 of absent pairs
        :param absent_count: their count ε > 0
        :raises ValueError: if an argument is out of its range, or no entity is matched
        """
        super().__init__()
        if not isinstance(cooccurrence, Cooccurrence):
            raise ValueError(f"cooccurrence={cooccurrence!r} is not allowed: it must be a Cooccurrence.")
        if not isinstance(entity_to_id, Mapping):
            raise ValueError(f"entity_to_id={entity_to_id!r} is not allowed: it must be a mapping of labels to ids.")
        check_whole("dim", dim)
        check_whole("batch_size", batch_size)
        check_bool("tied", tied)
        x_max = check_number("x_max", x_max, above=0)
        absent_count = check_number("absent_count", absent_count, above=0)
        exponent = check_number("exponent", exponent, minimum=0)
        alignment_weight = check_number("alignment_weight", alignment_weight, minimum=0)
        absent_weight = check_number("absent_weight", absent_weight, minimum=0)
        check_choice("alignment", alignment, ALIGNMENTS)
        self.tied, self.alignment, self.alignment_weight = tied, alignment, alignment_weight
        self.absent_weight, self._log_absent = absent_weight, math.log(absent_count)
        ids = match_entities(cooccurrence, entity_to_id)
        matched, others = np.flatnonzero(ids >= 0), np.flatnonzero(ids < 0)
        self.num_tied = len(matched) if tied else 0
        #: The token of each row: matched entities come first
        self.row_tokens = np.concatenate([matched, others])
        #: The token of each context: a token that is nobody's context has none
        self.context_tokens = np.unique(cooccurrence.matrix.indices)
        self._make_samplers(cooccurrence, batch_size, x_max=x_max, exponent=exponent)
        self.register_buffer("entity_ids", torch.from_numpy(ids[matched]), persistent=False)
        self.words = nn.Parameter(torch.empty(len(ids) - self.num_tied, dim))
        self.contexts = nn.Parameter(torch.empty(len(self.context_tokens), dim))
        self.word_biases = nn.Parameter(torch.empty(len(ids)))
        self.context_biases = nn.Parameter(torch.empty(len(self.context_tokens)))
        self._repr = f"{cooccurrence.fingerprint()}, x_max={x_max}, exponent={exponent}, batch_size={batch_size}"
        self.reset_parameters()

    def _make_samplers(self, cooccurrence: Cooccurrence, batch_size: int, **weighting: float) -> None:
        """Prepare the draws of cells, and of contexts for absent pairs."""
        matrix = cooccurrence.matrix
        rows = np.argsort(self.row_tokens)[matrix.tocoo().row]
        columns = np.searchsorted(self.context_tokens, matrix.indices)
        # rows with and without an embedding apart: how many of each a step has is fixed, and no device has to be asked
        groups = {True: np.flatnonzero(rows < self.num_tied), False: np.flatnonzero(rows >= self.num_tied)}
        self.samplers = nn.ModuleList(
            CellSampler(rows[group], columns[group], matrix.data[group], embedded=embedded, **weighting)
            for embedded, group in groups.items()
            if len(group)
        )
        weights = np.array([sampler.total_weight for sampler in self.samplers])
        self._shares: list[float] = (weights / weights.sum()).tolist()
        self._sizes = [max(1, round(batch_size * share)) for share in self._shares]
        frequencies = cooccurrence.counts[self.context_tokens].clip(min=1)
        self.contexts_by_frequency = WeightedDraw(frequencies**FREQUENCY_POWER)

    def reset_parameters(self) -> None:
        """Draw vectors of the same length as the entities of query models have, and set the biases to 0."""
        for vectors in (self.words, self.contexts):
            nn.init.normal_(vectors, std=math.sqrt(0.32 / vectors.shape[-1]))
        for biases in (self.word_biases, self.context_biases):
            nn.init.zeros_(biases)

    def forward(self, lookup: Lookup) -> Tensor:
        """Estimate the objective from cells that are drawn.

        :param lookup: gives the vectors of the model's entities
        :return: shape: ``()``
        """
        drawn = [
            cast(CellSampler, sampler).draw(size) for sampler, size in zip(self.samplers, self._sizes, strict=True)
        ]
        shares = self._shares
        if self.absent_weight:
            # in front, as parts with embeddings are
            drawn, shares = [self._draw_absent(self._sizes[0]), *drawn], [self.absent_weight, *shares]
        residuals = self._residuals(drawn, lookup)
        loss = torch.stack([share * x.square().mean() for share, x in zip(shares, residuals, strict=True)]).sum()
        if not self.tied and self.alignment_weight:
            pairs = torch.randint(len(self.entity_ids), (sum(self._sizes),), device=self.entity_ids.device)
            loss = loss + self.alignment_weight * self._differences(pairs, lookup).mean()
        return loss

    def _draw_absent(self, size: int) -> Cells:
        """Draw entities and contexts independently of each other."""
        rows = torch.randint(len(self.entity_ids), (size,), dtype=torch.int32, device=self.entity_ids.device)
        log_counts = self.words.new_full((size,), self._log_absent)
        return Cells(rows, self.contexts_by_frequency.draw(size).int(), log_counts, embedded=self.tied)

    def exact(self, lookup: Lookup) -> Tensor:
        """Compute the objective from all cells and all matched pairs; absent pairs are left out.

        :param lookup: gives the vectors of the model's entities
        :return: shape: ``()``
        """
        loss = self.words.new_zeros(())
        for sampler, share in zip(self.samplers, self._shares, strict=True):
            cells, weights = cast(CellSampler, sampler).all()
            (residuals,) = self._residuals([cells], lookup)
            loss = loss + share * (weights * residuals.square()).sum()
        if not self.tied:
            pairs = torch.arange(len(self.entity_ids), device=self.entity_ids.device)
            loss = loss + self.alignment_weight * self._differences(pairs, lookup).mean()
        return loss

    def _residuals(self, parts: Sequence[Cells], lookup: Lookup) -> Sequence[Tensor]:
        """Compute the residuals of some parts, those whose rows are embeddings first.

        All are looked up together: each look-up's gradient is as large as the table.
        """
        rows, columns, log_counts = (torch.cat(values) for values in zip(*(part[:3] for part in parts), strict=True))
        num_embedded = sum(len(part.rows) for part in parts if part.embedded)
        # 64 bits: the gradient of `index_select` is slow for fewer
        rows, columns = rows.long(), columns.long()
        own = self.words.index_select(0, rows[num_embedded:] - self.num_tied)
        residuals = glove_residual(
            word=torch.cat([lookup(self.entity_ids[rows[:num_embedded]]), own]) if num_embedded else own,
            context=self.contexts.index_select(0, columns),
            word_bias=self.word_biases.index_select(0, rows),
            context_bias=self.context_biases.index_select(0, columns),
            log_count=log_counts,
        )
        return torch.split(residuals, [len(part.rows) for part in parts])

    def _differences(self, pairs: Tensor, lookup: Lookup) -> Tensor:
        return ALIGNMENTS[self.alignment](lookup(self.entity_ids[pairs]), self.words.index_select(0, pairs))

    def extra_repr(self) -> str:
        """Show the settings; PyKEEN makes the checksum of a checkpoint from this text."""
        tied = "tied" if self.tied else f"alignment={self.alignment}, alignment_weight={self.alignment_weight}"
        absent = f"absent_weight={self.absent_weight}, absent_count={math.exp(self._log_absent):g}"
        return f"{len(self.entity_ids)} matched entities, {self._repr}, {tied}, {absent}"
