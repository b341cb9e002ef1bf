"""Pictures: what matplotlib warns of is passed on, but for characters that its font lacks."""

import io
import logging
import warnings

import pytest

from pykeen_conj_hale import figures
from pykeen_conj_hale.messages import Once

pytest.importorskip("matplotlib")


def test_characters_that_the_font_lacks_are_said_once(monkeypatch, caplog):
    monkeypatch.setattr(figures, "_once", Once(logging.getLogger("test")))
    figure = figures.new_figure(2.0)
    figure.suptitle("\u6771\u4eac")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            buffer = io.BytesIO()
            figures.save_png(figure, buffer)
            assert buffer.getvalue().startswith(b"\x89PNG")
    assert [record.getMessage() for record in caplog.records] == [
        "A picture shows boxes for characters that matplotlib's font lacks."
    ]


def test_other_warnings_are_passed_on(monkeypatch):
    figure = figures.new_figure(2.0)
    monkeypatch.setattr(figure, "savefig", lambda *_, **__: warnings.warn("look here", FutureWarning, stacklevel=1))
    with pytest.warns(FutureWarning, match="look here"):
        figures.save_png(figure, io.BytesIO())
