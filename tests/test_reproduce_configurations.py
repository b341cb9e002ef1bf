"""Configuration files of all cells: the golden ones to the byte, and PyKEEN's check of all."""

from pathlib import Path

import pytest
from pykeen.experiments.validate import get_configuration_errors

from pykeen_conj_hale.reproduce.configurations import write_configurations
from pykeen_conj_hale.reproduce.selection import select

#: Written by `pykeen-conj-hale reproduce --table table2 --table table5 --configurations FOLDER`
GOLDEN = Path(__file__).parent / "golden" / "configurations"


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    folder = tmp_path_factory.mktemp("configurations")
    paths = write_configurations(select(["table2", "table3", "table5"]), folder)
    assert len({*paths}) == 118
    return folder


def test_golden_files(written):
    golden = sorted(path.relative_to(GOLDEN) for path in GOLDEN.rglob("*.json"))
    assert len(golden) == 2
    for path in golden:
        assert (written / path).read_bytes() == (GOLDEN / path).read_bytes(), path


@pytest.mark.parametrize(("table", "number"), [("table2", 40), ("table3", 60), ("table5", 18)])
def test_pykeen_finds_no_error(written, table, number):
    paths = list((written / table).iterdir())
    assert len(paths) == number
    assert {path.name: errors for path in paths if (errors := get_configuration_errors(path))} == {}


@pytest.mark.parametrize(("paper", "number"), [("conjugate", 122), ("hyper", 30 + 3 + 3)])
def test_those_of_other_papers(tmp_path, paper, number):
    paths = write_configurations(select(paper=paper), tmp_path)
    assert len({*paths}) == number
    assert {path.name: errors for path in paths if (errors := get_configuration_errors(path))} == {}


def test_one_seed_is_enough(tmp_path):
    """PyKEEN draws seeds itself."""
    cells = select(["table5"], ["WN18RR"], seeds=[3, 4])
    assert len(write_configurations(cells, tmp_path)) == len(cells) / 2
