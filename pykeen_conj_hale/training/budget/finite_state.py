"""A look at a state before it replaces a good checkpoint: whether a training can go on from it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from pykeen.models import Model
from pykeen.typing import InductiveMode
from torch import Tensor

from ...pykeen_internals import free_memory
from .random_state import preserve_random_state

__all__ = ["NonFiniteStateError", "check_finite_state"]

#: The number of triples whose scores are looked at
_NUM_TRIPLES = 256


class NonFiniteStateError(RuntimeError):
    """Raised in place of writing a checkpoint from which no training could go on."""


def check_finite_state(state: Mapping[str, Any], model: Model, triples: Tensor, mode: InductiveMode | None) -> None:
    r"""Check that parameters and optimizer are finite, and that scores do not overflow.

    A parameter :math:`p` whose square overflows counts as one that is not finite: a score is a product of at least two
    of them. What lies below is seen in the scores of some triples. The device is waited for once or twice.

    :param state: the content of a checkpoint
    :param model: the model, whose parameters they are
    :param triples: shape: ``(num_triples, 3)``, the training triples
    :param mode: the inductive mode, None for transductive training
    :raises NonFiniteStateError: if one of them is not
    """
    # not its buffers, some of which are infinite on purpose: those that count show in the scores
    parameters = {name: state["model"][name] for name, _ in model.named_parameters()}
    bad = _find_bad(parameters, squared=True) or _find_bad(_flatten(state["optimizer"]["state"]), squared=False)
    if bad:
        raise NonFiniteStateError(f"NaN, infinite or overflowing: {', '.join(bad)}")
    if not math.isfinite(state["position"]["loss"] if state["position"] else 0.0):
        raise NonFiniteStateError("NaN or infinite: the loss of the epoch")
    # in double precision: in single one the last row of many is rounded up to one that is not there
    rows = torch.linspace(0, len(triples) - 1, min(_NUM_TRIPLES, len(triples)), dtype=torch.float64).long()
    training = model.training
    with preserve_random_state():
        try:
            scores = model.predict_hrt(triples[rows].to(model.device), mode=mode)
        except RuntimeError as error:
            raise NonFiniteStateError(f"the scores of training triples ({error})") from error
        finally:
            free_memory(model)
            model.train(training)
    if not torch.isfinite(scores).all():
        raise NonFiniteStateError("NaN or infinite: the scores of training triples")


def _flatten(state: Mapping[Any, Any], prefix: str = "optimizer") -> dict[str, Any]:
    """Name the tensors of an optimizer's state."""
    flat: dict[str, Any] = {}
    for key, value in state.items():
        name = f"{prefix}.{key}"
        flat.update(_flatten(value, name) if isinstance(value, Mapping) else {name: value})
    return flat


def _find_bad(values: Mapping[str, Any], squared: bool) -> list[str]:
    """Find tensors with a value that is not finite, or whose square is not; the device is waited for once."""
    tensors = {n: v for n, v in values.items() if isinstance(v, Tensor) and (v.is_floating_point() or v.is_complex())}
    fits = [_fits(torch.view_as_real(x) if x.is_complex() else x, squared) for x in tensors.values() if x.numel()]
    if not fits:
        return []
    flags = torch.stack([flag.to(fits[0].device) for flag in fits]).tolist()
    names = (name for name, x in tensors.items() if x.numel())
    return [name for name, flag in zip(names, flags, strict=True) if not flag]


def _fits(x: Tensor, squared: bool) -> Tensor:
    # no copy of a large table; with a NaN among its values both are NaN, and a comparison with NaN is false
    least, greatest = x.aminmax()
    largest = torch.finfo(x.dtype).max
    bound = math.sqrt(largest) if squared else largest
    return (least >= -bound) & (greatest <= bound)
