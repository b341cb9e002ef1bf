"""What all pictures have in common: colours, markers."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Final, NamedTuple

from ...figures import COLORS
from ..plan import Comparison
from ..strategies import labels

__all__ = ["MARKERS", "OTHER", "Look", "looks", "read_description"]


class Look(NamedTuple):
    """How a strategy looks wherever it is drawn."""

    label: str
    color: str
    marker: str


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


def read_description(path: Path) -> str | None:
    """Read the text that :func:`~pykeen_conj_hale.figures.save` kept in a picture.

    :param path: the file
    :return: the text; None if there is none, or no picture
    """
    from PIL import Image  # which matplotlib brings

    try:
        with Image.open(path) as image:
            return image.info.get("Description")
    except (OSError, SyntaxError):  # the latter is what broken PNG files are to PIL
        return None
