"""The documentation's tables and pictures are those of the recorded lines; its links are checked as they should be."""

import dataclasses
import importlib
import json
import re
import shutil
from pathlib import Path

import numpy
import pytest

pytest.importorskip("matplotlib")

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"


@pytest.fixture
def measured(monkeypatch):
    """Import a module of docs/measured."""
    monkeypatch.syspath_prepend(DOCS)
    return lambda name: importlib.import_module(f"measured.{name}")


@pytest.fixture
def other_lines(measured, monkeypatch, tmp_path):
    """Read lines from a copy, of which a file can be changed."""
    shutil.copytree(DOCS / "results", tmp_path / "results")
    monkeypatch.setattr(measured("lines"), "DOCS", tmp_path)

    def change(name, **facts):
        path = tmp_path / "results" / f"{name}.jsonl"
        lines = [json.dumps(json.loads(line) | facts) for line in path.read_text().splitlines()]
        path.write_text("\n".join(lines) + "\n")

    return change


def test_tables_are_current(measured):
    assert measured("__main__").outdated() == {}, "run `make figures`"


def test_every_table_has_a_place_and_every_place_a_table(measured):
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    found = {name for page in pages for name in measured("markdown").places(page.read_text())}
    assert found == set(measured("__main__").TABLES)


def test_every_picture_is_shown_and_every_shown_one_is_made(measured):
    pages = [ROOT / "README.md", *DOCS.rglob("*.md")]
    shown = {name for page in pages for name in re.findall(r"\]\((?:docs/)?pictures/(\w+)\.png\)", page.read_text())}
    assert shown == set(measured("pictures").PICTURES) == {path.stem for path in (DOCS / "pictures").iterdir()}


def test_pictures_are_current(measured):
    from pykeen_conj_hale.reproduce.pictures.style import read_description

    pictures = measured("pictures")
    for name, draw in pictures.PICTURES.items():
        expected = pictures.describe(draw, draw())
        assert read_description(DOCS / "pictures" / f"{name}.png") == expected, f"{name}: run `make figures`"


def test_other_data_are_another_picture(measured, other_lines):
    pictures = measured("pictures")
    draw = pictures.PICTURES["epochs"]
    before = pictures.describe(draw, draw())
    assert pictures.describe(draw, draw()) == before
    (row, *others) = measured("lines").only("benchmarks", benchmark="an epoch of WN18RR, 32 real dimensions")["rows"]
    other_lines("benchmarks", rows=[row | {"s": "5.55"}, *others])
    assert pictures.describe(draw, draw()) != before


@pytest.mark.parametrize(
    ("file", "facts", "table"),
    [
        ("wn18rr_conj_complex", dict(inverse_harmonic_mean_rank=0.1234), "beside-pykeen"),
        ("wn18rr_similarity", dict(hits_at_10=0.1234), "similarities"),
        ("reproduce", dict(epochs=1234), "beside-the-paper"),
        ("tune_hale", dict(inverse_harmonic_mean_rank=0.1234), "wn18rr-long"),
        ("wn18rr_text", dict(all_hits_at_10=0.1234), "glosses"),
        ("wn18rr_hpo", dict(mrr=0.1234), "hpo"),
        ("wn18rr_hpo_negatives", dict(hits_at_10=0.1234), "hpo-negatives"),
    ],
)
def test_a_table_says_what_the_lines_say(measured, other_lines, file, facts, table):
    make = measured("__main__").TABLES[table]
    before = make()
    other_lines(file, **facts)
    (value,) = facts.values()
    assert make() != before
    assert {4: ".123"}.get(len(str(value)) - 2, str(value)) in make()


def points(figure):
    """Collect the points of all lines of a figure's axes."""
    lines = [line for axes in figure.axes for line in axes.get_lines()]
    return {tuple(point) for line in lines for point in numpy.asarray(line.get_xydata(), dtype=float).tolist()}


def test_pictures_are_drawn_from_the_lines(measured, other_lines):
    pictures, lines = measured("pictures").PICTURES, measured("lines")
    (rote,) = lines.read("time_to_mrr", way="RotE")
    assert {tuple(point) for point in rote["curve"]} <= points(pictures["mrr_against_seconds"]())
    hale = lines.only("table5", strategy="HaLE")
    assert {tuple(point[:2]) for point in hale["curve"]} <= points(pictures["ablation"]())
    other_lines("time_to_mrr", curve=[[7.0, 0.07], [8.0, 0.08]])
    assert {(7.0, 0.07), (8.0, 0.08)} <= points(pictures["mrr_against_seconds"]())


def test_activations_are_drawn_from_the_functions(measured):
    left, right = measured("pictures").PICTURES["activations"]().axes
    curve = {line.get_label(): line.get_xydata() for line in left.get_lines()}["Hanon, γ = 10"]
    x, h = numpy.asarray(curve).T
    numpy.testing.assert_allclose(h, 1 / (1 / 10 + numpy.exp(-3 * (x - 0.5))), rtol=1e-6)  # the paper's equation
    slope = {line.get_label(): line.get_xydata() for line in right.get_lines()}["Hanon, γ = 10"][:, 1]
    numpy.testing.assert_allclose(slope[1:-1], numpy.gradient(h, x)[1:-1], rtol=1e-3)


def test_rates_are_rounded_as_their_digits_are(measured):
    rate = measured("markdown").rate
    assert [rate(value) for value in (0.5035, 0.4504, 1.0, 0.0)] == [".504", ".450", "1.000", ".000"]
    assert rate(0.25, bold=True) == "**.250**"


def test_differences_are_those_of_what_is_written(measured):
    difference = measured("markdown").difference
    assert difference(0.3204, 0.3065) == "+.013"  # .320 and .307, although the difference is .0139
    assert difference(0.447, 0.451) == "−.004"
    assert difference(0.4504, 0.4496) == ".000"


def test_rows_have_a_cell_per_title(measured):
    with pytest.raises(ValueError, match="2 cells"):
        measured("markdown").table(["a", "b"], [["only one"]])


def test_a_line_must_be_the_only_one(measured):
    with pytest.raises(ValueError, match=r"0 lines of time_to_mrr\.jsonl"):
        measured("lines").only("time_to_mrr", way="nobody's")


def test_every_model_has_a_card(measured):
    from pykeen_conj_hale.models import MODELS

    assert set(measured("cards").WHEN) == {model.__name__ for model in MODELS}
    (wn18rr, *_) = measured("cards").measured("RotL")
    assert wn18rr == "WN18RR, d = 32, HaLE, 600 s, 2 cores: test MRR .459, Hits@10 .552"


@dataclasses.dataclass
class Site:
    """A site of two pages."""

    folder: Path

    def write(self, name: str, body: str) -> None:
        (self.folder / name).write_text(f"<html><body>{body}</body></html>")


def test_broken_links_within_a_site_are_found(tmp_path):
    import check_site

    site = Site(tmp_path)
    site.write(
        "one.html", '<h2 id="here"></h2><a href="#here"></a><a href="two.html#there"></a><a href="https://x.y"></a>'
    )
    site.write("two.html", '<p id="elsewhere"></p><a href="three.html"></a><img src="one.png">')
    assert [(link.page.name, link.target) for link in check_site.find_broken(tmp_path)] == [
        ("one.html", "two.html#there"),
        ("two.html", "three.html"),
        ("two.html", "one.png"),
    ]


@pytest.mark.parametrize(
    ("status", "info", "sorted_as"),
    [
        ("working", "", (0, 0, 1)),
        ("redirected", "https://x.z", (0, 0, 1)),
        ("broken", "404 Client Error: Not Found for url: https://x.y", (1, 0, 0)),
        ("broken", "403 Client Error: Forbidden for url: https://x.y", (0, 1, 0)),
        ("broken", "503 Server Error: Service Unavailable for url: https://x.y", (0, 1, 0)),
        ("broken", "HTTPSConnectionPool(host='x.y', port=443): Max retries exceeded", (0, 1, 0)),
        ("timeout", "Read timed out", (0, 1, 0)),
        ("local", "", (0, 0, 0)),
    ],
)
def test_a_missing_page_is_told_from_a_missing_network(status, info, sorted_as):
    import check_site

    line = json.dumps(dict(filename="a.md", lineno=1, status=status, code=0, uri="https://x.y", info=info))
    wrong, not_followed, right = check_site.sort_outside([line])
    assert (len(wrong), len(not_followed), right) == sorted_as
