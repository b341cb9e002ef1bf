"""How cells are chosen."""

import pytest
from pykeen.utils import normalize_string

from pykeen_conj_hale.reproduce.papers import PAPERS
from pykeen_conj_hale.reproduce.selection import choose, read_seconds, select
from pykeen_conj_hale.reproduce.strategies import STRATEGIES
from pykeen_conj_hale.reproduce.tables import DATASETS, MODELS, TABLES


def test_select_takes_the_papers_time():
    cells = select(["TABLE2"], ["wn18rr", "fb15k237"], ["rotl"], ["hale"])
    assert [(cell.dataset, cell.seconds) for cell in cells] == [("WN18RR", 600.0), ("FB15k-237", 1200.0)]
    assert [cell.seconds for cell in select(["table2"], ["wn18rr"], ["rotl"], ["hale"], seconds="00:01:00")] == [60.0]


def test_select_counts():
    assert len(select(["table2"])) == 2 * 5 * 4
    assert len(select(["table3"])) == 3 * 5 * 4
    assert len(select(["table5"])) == 3 * 6
    seeds = [cell.seed for cell in select(["table5"], ["WN18RR"], seeds=[1, 0, 1])]
    assert seeds == [1] * 6 + [0] * 6


@pytest.mark.parametrize(
    ("argument", "names"), [("table", TABLES), ("dataset", DATASETS), ("model", MODELS), ("strategy", STRATEGIES)]
)
def test_unknown_names_list_what_exists(argument, names):
    given = {"strategy": "strategies"}.get(argument, f"{argument}s")
    with pytest.raises(ValueError, match=f"^{argument}='nothing' is unknown") as error:
        select(**{given: ["nothing"]})
    assert all(name in str(error.value) for name in names)


def test_no_such_cell():
    with pytest.raises(ValueError, match=r"No cell is chosen.* figure2-strategies: WN18RR with RotL by HaLE, SamNeg"):
        select(["figure2-strategies"], ["CoDEx-S"])


@pytest.mark.parametrize("seconds", [0, -1.0, "soon", float("nan")])
def test_bad_seconds(seconds):
    with pytest.raises(ValueError, match=r"seconds=.* is not allowed"):
        select(["table2"], seconds=seconds)


def test_read_seconds():
    assert [read_seconds(text) for text in ("0.5", "60", "00:01:30")] == [0.5, 60.0, 90.0]
    for text in ("0", "-1", "soon", "nan", "00:00:00"):
        with pytest.raises(ValueError, match=r"seconds=.* is not allowed"):
            read_seconds(text)


def test_choose_normalizes():
    assert choose("strategy", ["ha+samneg", "HALE_NO_SCALE", "hale-no-scale"], STRATEGIES) == [
        "HA+SamNeg",
        "HaLE-no-scale",
    ]
    for names in (TABLES, DATASETS, MODELS, STRATEGIES):
        assert len({normalize_string(name) for name in names}) == len(names)


def test_papers():
    assert len({cell.paper for paper in PAPERS for cell in select(paper=paper.upper())}) == len(PAPERS)
    with pytest.raises(
        ValueError, match=r"^paper='none' is unknown; choose one of \['hale', 'conjugate', 'hyper', 'hyperbolic'\]"
    ):
        select(paper="none")
    with pytest.raises(ValueError, match=r"^model='RotL' is unknown; choose one of \['HypER', 'ConvE'\]"):
        select(models=["RotL"], paper="hyper")


def test_epochs():
    assert {cell.epochs for cell in select(["table2"], epochs=3)} == {3}
    with pytest.raises(ValueError, match="seconds=1 and epochs=2 exclude each other"):
        select(["table2"], seconds=1, epochs=2)
    with pytest.raises(ValueError, match="epochs=0 is not allowed"):
        select(["table2"], epochs=0)
