"""Cells: their configurations, and their keys."""

import json

import pytest
from reproduce_lines import make_cell

from pykeen_conj_hale.reproduce.cells import fingerprint
from pykeen_conj_hale.reproduce.papers import PAPERS
from pykeen_conj_hale.reproduce.selection import select
from pykeen_conj_hale.reproduce.tables import TABLES


@pytest.mark.parametrize("paper", PAPERS.values(), ids=PAPERS)
def test_every_name_is_in_a_table(paper):
    for part in ("datasets", "models", "strategies"):
        assert {name for table in paper.tables.values() for name in getattr(table, part)} == getattr(paper, part).keys()


def test_a_training_of_epochs():
    (cell,) = select(["rank50"], ["CoDEx-S"], ["ConjFiveStarE-vertical"], paper="conjugate", seeds=[2])
    pipeline = cell.configuration()["pipeline"]
    assert pipeline["model"] == "ConjFiveStarE"
    assert pipeline["model_kwargs"].items() >= dict(embedding_dim=50, variant="vertical").items()
    assert pipeline["training_kwargs"] == dict(num_epochs=25, batch_size=100)
    assert "time_budget" not in pipeline["training_loop_kwargs"]
    assert (pipeline["stopper"], pipeline["stopper_kwargs"]["frequency"]) == ("early", 5)
    assert cell.facts["seconds"] is None
    assert cell.command == (
        "pykeen-conj-hale reproduce --paper conjugate --table rank50 --dataset CoDEx-S --model ConjFiveStarE-vertical "
        "--strategy N3 --seed 2"
    )


def test_pykeens_own_number_of_epochs_is_taken_at_its_word():
    """The query-sampling loop would choose another, unless it is told."""
    for epochs in (4, 5):
        (cell,) = select(["rank50"], ["CoDEx-S"], ["ComplEx"], paper="conjugate", epochs=epochs)
        loop_kwargs = cell.configuration()["pipeline"]["training_loop_kwargs"]
        assert loop_kwargs.get("choose", True) is (epochs != 5)
    (cell,) = select(["results"], ["CoDEx-S"], ["HypER"], paper="hyper", epochs=5)
    pipeline = cell.configuration()["pipeline"]
    assert ("choose" in pipeline["training_loop_kwargs"]) is (pipeline["training_loop"] == "QuerySampling")


@pytest.mark.parametrize(("epochs", "frequency"), [(1, 1), (7, 1), (12, 2), (25, 5), (640, 128)])
def test_the_last_epoch_is_evaluated(epochs, frequency):
    (cell,) = select(["rank50"], ["CoDEx-S"], ["ComplEx"], paper="conjugate", epochs=epochs)
    assert cell.configuration()["pipeline"]["stopper_kwargs"]["frequency"] == frequency
    assert epochs % frequency == 0
    assert "--epochs" in cell.command or epochs == 25


def test_seconds_in_place_of_epochs():
    (cell,) = select(["rank50"], ["CoDEx-S"], ["ComplEx"], paper="conjugate", seconds=30)
    pipeline = cell.configuration()["pipeline"]
    assert "num_epochs" not in pipeline["training_kwargs"]
    assert pipeline["training_loop_kwargs"]["time_budget"] == 30.0
    assert cell.command.endswith("--seed 0 --seconds 30")


def test_configuration():
    cell = make_cell(seconds=100.0, seed=3, strategy="HaLE-no-scale", table="table5")
    configuration = cell.configuration()
    pipeline = configuration["pipeline"]
    assert pipeline["dataset"] == "wn18rrall"
    assert pipeline["model_kwargs"] == dict(embedding_dim=32, relation_scale=False, tail_bias=False, head_bias=False)
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
