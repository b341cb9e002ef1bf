"""Initializers of entities and relations."""

from __future__ import annotations

import math

import torch
from pykeen.nn.init import init_phases
from torch import Tensor, nn

from ..functional.rotation import from_pairs

__all__ = ["init_phases", "near_zero_", "normal_entities_", "random_rotations_"]


def normal_entities_(tensor: Tensor, std: float | None = None) -> Tensor:
    r"""Initialize entities such that their distances do not depend on the dimension.

    :param tensor: shape: ``(num_entities, *shape)``, real (complex entities as pairs); filled in place
    :param std: the standard deviation; by default :math:`\sqrt{0.32 / d}` for d real values per entity, 0.1 at d = 32,
        so that two entities have an expected squared distance of 0.64
    :return: the tensor
    """
    return nn.init.normal_(tensor, std=math.sqrt(0.32 / tensor[0].numel()) if std is None else std)


def near_zero_(tensor: Tensor, std: float = 0.01) -> Tensor:
    """Initialize numbers that start close to 0.

    :param tensor: any shape, real (complex numbers as pairs); filled in place
    :param std: the standard deviation
    :return: the tensor
    """
    return nn.init.normal_(tensor, std=std)


def random_rotations_(tensor: Tensor) -> Tensor:
    """Initialize the parameters of Givens rotations with pairs of length 1 and random angles.

    :param tensor: shape: ``(*dims, d)``, real, d even; filled in place
    :return: the tensor
    """
    angle = 2 * math.pi * torch.rand_like(tensor[..., ::2])
    with torch.no_grad():
        return tensor.copy_(from_pairs(angle.cos(), angle.sin()))
