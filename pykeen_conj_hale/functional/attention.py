r"""Attention of a relation between two images of a head."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from .similarity import inner_product

__all__ = ["attend"]


def attend(x: Tensor, y: Tensor, context: Tensor) -> Tensor:
    r"""Mix two vectors by how well they fit a context.

    .. math::
        \alpha_x x + \alpha_y y, \qquad
        (\alpha_x, \alpha_y) = \mathrm{softmax}\left(\tfrac{1}{\sqrt d} \langle a, x\rangle,
        \tfrac{1}{\sqrt d} \langle a, y\rangle\right)

    The scale is that of the authors' code; equation 10 of the paper (https://arxiv.org/abs/2005.00545, Chami et al.,
    2020) has none.

    :param x: shape: ``(*batch_dims, d)``, real
    :param y: shape: ``(*batch_dims, d)``, real
    :param context: shape: ``(*batch_dims, d)``, the context a; all batch dimensions broadcast
    :return: shape: ``(*batch_dims, d)``
    """
    # the softmax of two numbers is the logistic function of their difference
    weight = torch.sigmoid(inner_product(context, y - x) / math.sqrt(x.shape[-1]))
    return x + weight.unsqueeze(dim=-1) * (y - x)
