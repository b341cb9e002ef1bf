"""Initializers of entities and relations."""

from __future__ import annotations

import math

import torch
from pykeen.nn.init import init_phases, initializer_resolver
from torch import Tensor, nn

from ..checks import check_number
from ..functional.rotation import from_pairs
from .query import UNIT_SCALE

__all__ = [
    "check_initializer",
    "complex_normal_",
    "init_phases",
    "near_zero_",
    "normal_entities_",
    "normal_tangents_",
    "random_rotations_",
    "small_phases_",
    "unit_softplus_",
]


def check_initializer(argument: str, value: object) -> None:
    """Check an initializer: a function that fills a tensor, its name in PyKEEN's resolver, or None for the default.

    :param argument: the argument's name
    :param value: its value
    :raises ValueError: if it is none of these
    """
    if value is None or (callable(value) and not isinstance(value, type)):
        return
    names = sorted(initializer_resolver.options)
    known = {*initializer_resolver.lookup_dict, *initializer_resolver.synonyms}
    if not isinstance(value, str) or initializer_resolver.normalize(value) not in known:
        raise ValueError(f"{argument}={value!r} is unknown; give a function of a tensor, or choose one of {names}.")


def normal_entities_(tensor: Tensor, std: float | None = None) -> Tensor:
    r"""Initialize entities such that their distances do not depend on the dimension.

    :param tensor: shape: ``(num_entities, *shape)``, real (complex entities as pairs); filled in place
    :param std: the standard deviation, ≥ 0; by default :math:`\sqrt{0.32 / d}` for d real values per entity, 0.1 at
        d = 32, so that two entities have an expected squared distance of 0.64
    :return: the tensor
    """
    std = math.sqrt(0.32 / tensor[0].numel()) if std is None else check_number("std", std, minimum=0)
    return nn.init.normal_(tensor, std=std)


def normal_tangents_(tensor: Tensor, std: float | None = None) -> Tensor:
    r"""Initialize tangent vectors such that squared hyperbolic distances start as those of :func:`normal_entities_`.

    The hyperbolic distance is twice as long as that of tangent vectors near the origin.

    :param tensor: shape: ``(num_entities, d)``, real; filled in place
    :param std: the standard deviation, ≥ 0; by default :math:`\sqrt{0.08 / d}`, 0.05 at d = 32
    :return: the tensor
    """
    return normal_entities_(tensor, std=math.sqrt(0.08 / tensor[0].numel()) if std is None else std)


def unit_softplus_(tensor: Tensor) -> Tensor:
    """Initialize the parameters of positive numbers such that these are 1, which their softplus gives.

    :param tensor: any shape, real; filled in place
    :return: the tensor
    """
    return nn.init.constant_(tensor, UNIT_SCALE)


def near_zero_(tensor: Tensor, std: float = 0.01) -> Tensor:
    """Initialize numbers that start close to 0.

    :param tensor: any shape, real (complex numbers as pairs); filled in place
    :param std: the standard deviation, ≥ 0
    :return: the tensor
    """
    return nn.init.normal_(tensor, std=check_number("std", std, minimum=0))


def small_phases_(tensor: Tensor) -> Tensor:
    r"""Initialize complex numbers with random phases, and vectors as long as :func:`normal_entities_` makes them.

    :param tensor: shape: ``(num, d, 2)``, real, the pairs of complex numbers; filled in place
    :return: the tensor, all of its numbers of modulus :math:`\sqrt{0.32 / d}`
    """
    with torch.no_grad():
        return tensor.copy_(init_phases(tensor) * math.sqrt(0.32 / tensor.shape[-2]))


def complex_normal_(tensor: Tensor, mean: complex, std: float) -> Tensor:
    """Initialize complex numbers around one number.

    :param tensor: shape: ``(*dims, 2)``, real, the pairs of complex numbers; filled in place
    :param mean: the number
    :param std: the root of the expected squared distance to it
    :return: the tensor
    """
    with torch.no_grad():
        return nn.init.normal_(tensor, std=std / math.sqrt(2)).add_(tensor.new_tensor([mean.real, mean.imag]))


def random_rotations_(tensor: Tensor) -> Tensor:
    """Initialize the parameters of Givens rotations with pairs of length 1 and random angles.

    :param tensor: shape: ``(*dims, d)``, real, d even; filled in place
    :return: the tensor
    """
    angle = 2 * math.pi * torch.rand_like(tensor[..., ::2])
    with torch.no_grad():
        return tensor.copy_(from_pairs(angle.cos(), angle.sin()))
