r"""GloVe's weighted least squares (Pennington et al., 2014)."""

from __future__ import annotations

from torch import Tensor

__all__ = ["glove_residual", "glove_weight"]


def glove_weight(count: Tensor, x_max: float = 100.0, exponent: float = 0.75) -> Tensor:
    r"""Weigh co-occurrences: :math:`f(x) = \min(1, (x / x_{\max})^\alpha)`.

    :param count: any shape, the counts x ≥ 0
    :param x_max: the count from which on the weight is 1, > 0
    :param exponent: the exponent α ≥ 0
    :return: the shape of ``count``, in [0, 1]
    """
    return (count / x_max).clamp(max=1.0).pow(exponent)


def glove_residual(word: Tensor, context: Tensor, word_bias: Tensor, context_bias: Tensor, log_count: Tensor) -> Tensor:
    r"""Compute :math:`\langle w_i, \tilde w_j \rangle + b_i + \tilde b_j - \log x_{ij}`.

    :param word: shape: ``(*batch_dims, d)``, the vectors w
    :param context: shape: ``(*batch_dims, d)``, the context vectors :math:`\tilde w`
    :param word_bias: shape: ``batch_dims``
    :param context_bias: shape: ``batch_dims``
    :param log_count: shape: ``batch_dims``, the logarithms of the counts
    :return: shape: ``batch_dims``
    """
    return (word * context).sum(dim=-1) + word_bias + context_bias - log_count
