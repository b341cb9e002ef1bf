"""The activations (the paper's Fig. 1)."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Final

import numpy as np
import torch

from ...figures import new_figure, save, tidy
from ...streaming.activations import HardnessActivation, activation_resolver
from ..strategies import STRATEGIES
from .style import OTHER, Look, looks

__all__ = ["draw_activations"]

GREEK: Final = {"alpha": "α", "beta": "β", "gamma": "γ", "lambda_": "λ"}

#: The upper bound of the activations that have one, in the paper's figure
GAMMA: Final = 10.0

#: Where the activations differ; what grows without bound leaves the picture
X: Final = (0.0, 2.0)
Y: Final = (0.0, 12.0)


def draw_activations(folder: Path) -> Path:
    """Draw all activations: with the paper's γ = 10 where they have one, all else by default.

    :param folder: where to write
    :return: ``activations.png`` there
    :raises ImportError: if there is no matplotlib
    """
    figure = new_figure(4.5)
    axes = figure.subplots()
    x = torch.linspace(*X, 801, dtype=torch.float64)
    for cls, look in _looks().items():
        activation = cls(**{field.name: GAMMA for field in dataclasses.fields(cls) if field.name == "gamma"})
        h = activation(x).numpy()
        h = np.where(np.isfinite(h), h, np.nan)  # a gap, where one that was registered later is infinite
        # Some coincide in part
        style = "-" if dataclasses.fields(activation) else "--"
        axes.plot(x, h, style, color=look.color, label=describe(activation, look.label), linewidth=2)
    axes.set(title="Activations", xlabel="x (minus the score)", ylabel="h(x)", xlim=X, ylim=Y)
    tidy(axes)
    figure.legend(loc="outside right upper", frameon=False)
    return save(figure, folder / "activations.png")


def _looks() -> dict[type[HardnessActivation], Look]:
    """Give each activation the look of the strategy that has it, in the order of strategies."""
    known: dict[type[HardnessActivation], Look] = {}
    for strategy, look in looks("activations").items():
        known[activation_resolver.lookup(STRATEGIES[strategy].settings["loss_kwargs"]["activation"])] = look
    return known | {cls: Look(cls.__name__, OTHER, "") for cls in activation_resolver if cls not in known}


def describe(activation: HardnessActivation, name: str) -> str:
    """Write an activation's name with its parameters.

    :param activation: the activation
    :param name: its name
    :return: e.g. ``Hanon (γ = 5, β = 3)``
    """
    values = [(field.name, getattr(activation, field.name)) for field in dataclasses.fields(activation)]
    parameters = ", ".join(f"{GREEK.get(key, key)} = {value:g}" for key, value in values)
    return f"{name} ({parameters})" if parameters else name
