"""A progress bar over the seconds of a budget, in place of PyKEEN's over epochs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from tqdm.auto import tqdm

from .clock import TimeBudget
from .due import Due
from .run import Run

__all__ = ["ProgressBar", "make_bar"]


def make_bar(
    budget: TimeBudget, device: torch.device, use_tqdm: bool, tqdm_kwargs: Mapping[str, Any] | None
) -> tqdm[Any]:
    """Make a bar whose unit is the second.

    :param budget: the budget
    :param device: where the model is, for the bar's text
    :param use_tqdm: whether the bar is shown
    :param tqdm_kwargs: arguments of :class:`tqdm.tqdm`, which win
    :return: the bar
    """
    arguments: dict[str, Any] = {
        "desc": f"Training on {device}",
        "total": budget.seconds,
        "bar_format": "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s of training{postfix}",
    }
    if not use_tqdm:
        # else tqdm decides, and may be told by its environment variables
        arguments["disable"] = True
    return tqdm(**{**arguments, **(tqdm_kwargs or {})})


class ProgressBar(Due):
    """Moves a bar to the seconds of the budget that are spent, however long the steps are.

    :param bar: the bar
    """

    def __init__(self, bar: tqdm[Any]) -> None:
        self._bar = bar

    def after_step(self, run: Run, elapsed: float) -> None:
        """Move the bar; an overrun is not shown."""
        limit = elapsed if run.budget is None else run.budget.seconds
        self._bar.update(min(elapsed, limit) - self._bar.n)

    def after_epoch(self, run: Run, epoch: int, loss: float) -> None:
        """Show the epoch and its loss."""
        self._bar.set_postfix(epoch=epoch, loss=loss, refresh=False)
