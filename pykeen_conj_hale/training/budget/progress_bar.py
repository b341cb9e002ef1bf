"""Progress bars in place of PyKEEN's: over the seconds of a budget, and, in a log file, over epochs.

PyKEEN's own bars write a line per epoch and more per batch where a new state cannot replace the one before.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Final

import torch
from pykeen.stoppers import EarlyStopper
from tqdm.auto import tqdm
from tqdm.std import tqdm as terminal_tqdm

from .clock import TimeBudget
from .due import Due
from .run import Run

__all__ = ["ProgressBar", "make_bar", "make_epoch_bar"]

#: How a bar is drawn; ``left`` are the seconds until the budget is spent
BAR_FORMAT: Final = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total:.1f} s of training, {left} left{postfix}"
#: How a bar over epochs is drawn
EPOCHS_FORMAT: Final = "{desc}: {percentage:3.0f}%|{bar}| {n:.1f}/{total} epochs, {remaining} left{postfix}"
#: Seconds between two states of a bar where each is a line that stays, as in a log file
SECONDS_IN_A_FILE: Final = 30.0


class _Bar(tqdm):  # type: ignore[type-arg]
    """A bar that knows how long the rest of a budget takes."""

    @property
    def format_dict(self) -> MutableMapping[str, Any]:
        """What a bar's format is filled with."""
        values = super().format_dict
        return {**values, "left": self.format_interval(max(0.0, values["total"] - values["n"]))}


def make_bar(
    budget: TimeBudget, device: torch.device, use_tqdm: bool, tqdm_kwargs: Mapping[str, Any] | None
) -> tqdm[Any]:
    """Make a bar whose unit is the second.

    Where its states do not replace each other, as in a file, it shows one every 30 seconds only.

    :param budget: the budget
    :param device: where the model is, for the bar's text
    :param use_tqdm: whether the bar is shown
    :param tqdm_kwargs: arguments of :class:`tqdm.tqdm`, which win
    :return: the bar
    """
    return _make(dict(total=budget.seconds, bar_format=BAR_FORMAT), device, use_tqdm, dict(tqdm_kwargs or {}))


def make_epoch_bar(
    num_epochs: int, device: torch.device, use_tqdm: bool, tqdm_kwargs: Mapping[str, Any] | None
) -> tqdm[Any] | None:
    """Make a bar whose unit is the epoch, where PyKEEN's bars would fill a file.

    :param num_epochs: the number of epochs
    :param device: where the model is, for the bar's text
    :param use_tqdm: whether a bar is shown
    :param tqdm_kwargs: arguments of :class:`tqdm.tqdm`, which win
    :return: the bar; None if PyKEEN's own bars are to be shown, or none
    """
    given = dict(tqdm_kwargs or {})
    if not use_tqdm or _replaces(given.get("file") or sys.stderr):
        return None
    return _make(dict(total=num_epochs, bar_format=EPOCHS_FORMAT), device, use_tqdm, given)


def _make(own: dict[str, Any], device: torch.device, use_tqdm: bool, given: dict[str, Any]) -> tqdm[Any]:
    """Make a bar, one state per 30 seconds where each is a line that stays."""
    arguments: dict[str, Any] = {"desc": f"Training on {device}", **own}
    if not _replaces(given.get("file") or sys.stderr):
        # miniters: else tqdm guesses a number of units from the first ones
        arguments.update(mininterval=SECONDS_IN_A_FILE, maxinterval=SECONDS_IN_A_FILE, miniters=0)
    if not use_tqdm:
        # else tqdm decides, and may be told by its environment variables
        arguments["disable"] = True
    return _Bar(**{**arguments, **given})


def _replaces(file: Any) -> bool:
    """Tell whether a new state of a bar replaces the one before: in a terminal, and in a notebook."""
    in_notebook = tqdm.status_printer is not terminal_tqdm.status_printer
    return in_notebook or bool(getattr(file, "isatty", bool)())


class ProgressBar(Due):
    """Moves a bar to the share of the training that is done: seconds of the budget, or epochs.

    :param bar: the bar
    :param stopper: the early stopper whose last and best results are shown, if there is one
    """

    def __init__(self, bar: tqdm[Any], stopper: EarlyStopper | None = None) -> None:
        self._bar, self._stopper = bar, stopper
        self._shown: dict[str, Any] = {}

    def after_step(self, run: Run, elapsed: float) -> None:
        """Move the bar; an overrun is not shown."""
        self._show_results()
        total: float = self._bar.total  # type: ignore[assignment]
        self._bar.update(min(1.0, run.share_done(elapsed)) * total - self._bar.n)

    def after_epoch(self, run: Run, epoch: int, loss: float) -> None:
        """Show the epoch and its loss."""
        self._show(epoch=epoch, loss=loss)

    def _show_results(self) -> None:
        stopper = self._stopper
        if stopper is not None and len(stopper.results) != self._shown.get("validations", 0):
            self._shown["validations"] = len(stopper.results)
            self._show(validation=stopper.results[-1], best=stopper.best_metric)

    def _show(self, **values: Any) -> None:
        self._shown.update(values)
        shown = {name: value for name, value in self._shown.items() if name != "validations"}
        self._bar.set_postfix(shown, refresh=False)
