"""The activation of a loss, made from the arguments ``activation``, ``gamma`` and ``beta``."""

from __future__ import annotations

import dataclasses

from class_resolver import HintOrType

from ..checks import check_number, resolve
from ..streaming.activations import HardnessActivation, activation_resolver

__all__ = ["make_activation"]


def make_activation(
    activation: HintOrType[HardnessActivation],
    gamma: float | None = None,
    beta: float | None = None,
    *,
    default: str,
) -> HardnessActivation:
    """Make an activation with those of γ and β that it has.

    :param activation: its name, class, or an instance; None for the default
    :param gamma: the upper bound γ, > 0; the activation's own default by default
    :param beta: the steepness β, > 0; the activation's own default by default
    :param default: the name of the loss's own default, which need not be the one of other losses
    :return: the activation
    :raises ValueError: if there is none of that name, or γ or β is not allowed
    """
    given = {
        name: check_number(name, value, above=0)
        for name, value in (("gamma", gamma), ("beta", beta))
        if value is not None
    }
    if isinstance(activation, HardnessActivation):
        if given:
            raise ValueError(
                f"{' and '.join(given)} cannot be combined with an instance, activation={activation!r}; set them there."
            )
        return activation
    made = resolve(activation_resolver, "activation", activation, default=default)
    names = {field.name for field in dataclasses.fields(made)}
    return dataclasses.replace(made, **{name: value for name, value in given.items() if name in names})
