"""Figures: size, colours, and files that are written whole."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from .files import replacing
from .messages import Once

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLORS", "PALETTE", "WIDTH", "new_figure", "save", "save_png", "tidy"]

_once = Once(logging.getLogger(__name__))

#: Of Okabe and Ito (2008): the colour-blind can tell these apart, too
PALETTE: Final = ("#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
#: Of curves and bars, in their order: yellow is hard to see on white, and so comes last
COLORS: Final = tuple(PALETTE[i] for i in (5, 1, 3, 6, 7, 2, 0, 4))

#: Inches. Text of 10 pt can be read in a picture that is shown 800 pixels wide.
WIDTH: Final = 8.0
DPI: Final = 150


def new_figure(height: float) -> Figure:
    """Make an empty figure.

    :param height: in inches
    :return: the figure, which no global state knows of: it needs no display, and nobody has to close it
    :raises ImportError: if there is no matplotlib
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError("Pictures are drawn by matplotlib: pip install 'pykeen-conj-hale[plot]'") from error
    return Figure(figsize=(WIDTH, height), layout="constrained")


def tidy(axes: Axes) -> None:
    """Take away what draws the eye from the lines.

    :param axes: the axes
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)


def save(figure: Figure, path: Path, description: str = "") -> Path:
    """Write a picture as a whole or not at all.

    :param figure: what to write
    :param path: the file, a PNG
    :param description: a text to keep in the file
    :return: the file
    """
    with replacing(path) as file:
        save_png(figure, file, description)
    return path


def save_png(figure: Figure, file: IO[bytes], description: str = "") -> None:
    """Write a picture to an open file.

    :param figure: what to write
    :param file: the file
    :param description: a text to keep in the file
    """
    metadata = {"Description": description} if description else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        figure.savefig(file, format="png", dpi=DPI, metadata=metadata)
    _pass_on(caught)


def _pass_on(caught: Sequence[warnings.WarningMessage]) -> None:
    """Issue warnings again, but say once and for all characters that the font lacks some."""
    for warning in caught:
        if "missing from font" in str(warning.message):
            _once.warning("A picture shows boxes for characters that matplotlib's font lacks.")
        else:
            warnings.warn_explicit(warning.message, warning.category, warning.filename, warning.lineno)
