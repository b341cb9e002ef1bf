"""Initializers."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ..functional.rotation import from_pairs

__all__ = ["random_rotations_"]


def random_rotations_(tensor: Tensor) -> Tensor:
    """Initialize the parameters of Givens rotations with pairs of length 1 and random angles.

    :param tensor: shape: ``(*dims, d)``, real, d even; filled in place
    :return: the tensor
    """
    angle = 2 * math.pi * torch.rand_like(tensor[..., ::2])
    with torch.no_grad():
        return tensor.copy_(from_pairs(angle.cos(), angle.sin()))
