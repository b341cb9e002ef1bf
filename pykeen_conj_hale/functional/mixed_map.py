"""Linear maps that are mixtures of few matrices."""

from torch import Tensor

__all__ = ["mixed_map"]


def mixed_map(x: Tensor, mixture: Tensor, matrices: Tensor) -> Tensor:
    r"""Map vectors by mixtures of matrices: :math:`x \sum_k m_k W_k`.

    No mixed matrix is made: with the outer products :math:`m \otimes x` it is one matrix product, which costs
    :math:`K d e` multiplications per vector.

    :param x: shape: ``(*batch_dims, d)``
    :param mixture: shape: ``(*batch_dims, K)``; the batch dimensions broadcast
    :param matrices: shape: ``(K, d, e)``
    :return: shape: ``(*batch_dims, e)``
    """
    outer = mixture.unsqueeze(dim=-1) * x.unsqueeze(dim=-2)
    return outer.flatten(start_dim=-2) @ matrices.flatten(end_dim=1)
