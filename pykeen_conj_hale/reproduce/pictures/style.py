"""What all pictures have in common: colours, markers, size."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from ...files import replacing
from ..plan import Comparison
from ..strategies import labels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["COLORS", "MARKERS", "OTHER", "PALETTE", "Look", "looks", "new_figure", "read_description", "save", "tidy"]

BLACK, ORANGE, SKY, GREEN, YELLOW, BLUE, VERMILLION, PURPLE = PALETTE = (
    # Of Okabe and Ito (2008): the colour-blind can tell these apart, too
    ["#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"]
)


class Look(NamedTuple):
    """How a strategy looks wherever it is drawn."""

    label: str
    color: str
    marker: str


#: The looks of curves, in the order of the strategies; yellow is hard to see on white, and so comes last
COLORS: Final = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY, BLACK, YELLOW)
#: One more than colours: where colours come again, the marker is another
MARKERS: Final = "ov^sDXP*<"


def looks(comparison: Comparison) -> dict[str, Look]:
    """Give each strategy of a picture a label, a colour and a marker.

    :param comparison: what the picture compares
    :return: the looks by strategy, in the order of the legend
    """
    styles = zip(itertools.cycle(COLORS), itertools.cycle(MARKERS), strict=False)
    return {name: Look(label, *style) for (name, label), style in zip(labels(comparison).items(), styles, strict=False)}


#: The colour of what the paper does not draw
OTHER: Final = "#7F7F7F"

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
        raise ImportError("Pictures are drawn by matplotlib: pip install 'pykeen-conj-hale[reproduce]'") from error
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
        figure.savefig(file, format="png", dpi=DPI, metadata={"Description": description} if description else None)
    return path


def read_description(path: Path) -> str | None:
    """Read the text that :func:`save` kept in a picture.

    :param path: the file
    :return: the text; None if there is none, or no picture
    """
    from PIL import Image  # which matplotlib brings

    try:
        with Image.open(path) as image:
            return image.info.get("Description")
    except (OSError, SyntaxError):  # the latter is what broken PNG files are to PIL
        return None
