"""Cells: their configurations, their keys, and how they are chosen."""

import json
from importlib.resources import files
from pathlib import Path

import pytest
from pykeen.experiments.validate import get_configuration_errors
from pykeen.utils import normalize_string
from reproduce_lines import make_cell

from pykeen_conj_hale.reproduce.cells import DATASETS, MODELS, TABLES, choose, fingerprint, select
from pykeen_conj_hale.reproduce.strategies import STRATEGIES

CONFIGURATIONS = Path(str(files("pykeen_conj_hale.reproduce"))) / "configurations"


def test_every_strategy_is_in_a_table():
    used = {strategy for table in TABLES.values() for strategy in table.strategies}
    assert used == STRATEGIES.keys()


def test_configurations_are_what_the_code_writes():
    """Written by `pykeen-conj-hale reproduce --table table2 --table table3 --table table5 --configurations FOLDER`."""
    cells = {
        f"{cell.table}/{cell.dataset}_{cell.model}_{cell.strategy}.json".lower().replace("+", "-"): cell
        for cell in select(["table2", "table3", "table5"])
    }
    paths = {path.relative_to(CONFIGURATIONS).as_posix(): path for path in CONFIGURATIONS.rglob("*.json")}
    assert paths.keys() == cells.keys()
    for name, path in paths.items():
        assert json.loads(path.read_text()) == cells[name].configuration(), name


@pytest.mark.parametrize("table", ["table2", "table3", "table5"])
def test_pykeen_finds_no_error_in_configurations(table):
    paths = list((CONFIGURATIONS / table).glob("*.json"))
    assert paths
    assert {path.name: errors for path in paths if (errors := get_configuration_errors(path))} == {}


def test_configuration():
    cell = make_cell(seconds=100.0, seed=3, strategy="HaLE-no-scale", table="table5")
    configuration = cell.configuration()
    pipeline = configuration["pipeline"]
    assert pipeline["dataset"] == "wn18rrall"
    assert pipeline["model_kwargs"] == dict(embedding_dim=32, relation_scale=False, tail_bias=False)
    assert pipeline["training_loop_kwargs"]["time_budget"] == 100.0
    assert pipeline["stopper_kwargs"]["seconds"] == 5.0
    assert pipeline["random_seed"] == 3
    assert configuration["results"]["both"]["realistic"] == dict(mrr=0.454, hits_at_10=0.548, hits_at_1=0.404)


def test_tables_share_runs():
    runs = {
        cell.table: cell.key
        for cell in select(datasets=["WN18RR"], models=["RotL"], strategies=["HaLE"])
        if cell.embedding_dim == 32
    }
    assert runs.keys() == TABLES.keys() - {"table3"}
    assert len({*runs.values()}) == 1


def test_keys_differ():
    changes = [
        {},
        dict(seed=1),
        dict(seconds=60.0),
        dict(model="RotE"),
        dict(strategy="HaLE-2x"),
        dict(dataset="CoDEx-S"),
        dict(embedding_dim=64),
    ]
    assert len({make_cell(**change).key for change in changes}) == len(changes)


def test_key_depends_on_the_configuration_but_for_the_seed(monkeypatch):
    before = make_cell().key
    pipeline = make_cell().configuration()["pipeline"]
    assert fingerprint({**pipeline, "random_seed": 5}) == fingerprint(pipeline)
    assert fingerprint(json.loads(json.dumps(pipeline))) == fingerprint(pipeline)
    monkeypatch.setattr(
        "pykeen_conj_hale.reproduce.strategies.TUNED", [(dict(strategy="HaLE"), dict(loss_kwargs=dict(alpha=0.2)))]
    )
    assert make_cell().key != before


def test_command():
    assert make_cell(seconds=600.0).command == (
        "pykeen-conj-hale reproduce --table table2 --dataset WN18RR --model RotL --strategy HaLE --seed 0"
    )
    assert make_cell(seconds=60.0).command.endswith("--seed 0 --seconds 60")


def test_select_takes_the_papers_time():
    cells = select(["TABLE2"], ["wn18rr", "fb15k237"], ["rotl"], ["hale"])
    assert [(cell.dataset, cell.seconds) for cell in cells] == [("WN18RR", 600.0), ("FB15k-237", 1200.0)]
    assert [cell.seconds for cell in select(["table2"], ["wn18rr"], ["rotl"], ["hale"], seconds="00:01:00")] == [60.0]


def test_select_counts():
    assert len(select(["table2"])) == 2 * 5 * 3
    assert len(select(["table3"])) == 3 * 5 * 3
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


def test_choose_normalizes():
    assert choose("strategy", ["ha+samneg", "HALE_NO_SCALE", "hale-no-scale"], STRATEGIES) == [
        "HA+SamNeg",
        "HaLE-no-scale",
    ]
    for names in (TABLES, DATASETS, MODELS, STRATEGIES):
        assert len({normalize_string(name) for name in names}) == len(names)
