"""A cell is trained in the paper's protocol, and its line says what happened."""

import json
import logging
import sys

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.evaluation import RankBasedEvaluator
from pykeen.pipeline import PipelineResult
from reproduce_lines import make_cell

from pykeen_conj_hale.embeddings import load_embeddings
from pykeen_conj_hale.messages import Once
from pykeen_conj_hale.reproduce import runs
from pykeen_conj_hale.reproduce.cells import fingerprint
from pykeen_conj_hale.reproduce.results import ResultsFolder, read_lines
from pykeen_conj_hale.reproduce.strategies import STRATEGIES
from pykeen_conj_hale.training import TimedStopper

CELL = make_cell(seconds=0.1)


@pytest.fixture(autouse=True)
def nations(monkeypatch):
    """A small dataset in place of the paper's."""
    dataset = Nations(create_inverse_triples=True)
    monkeypatch.setattr(runs, "get_dataset_locked", lambda name, kwargs: dataset)
    return dataset


@pytest.fixture
def results(tmp_path):
    return ResultsFolder(tmp_path)


@pytest.fixture
def pipeline_results(monkeypatch):
    """Collect what the pipeline returned."""
    found: list[PipelineResult] = []
    original = runs.pipeline_from_config

    def remember(configuration):
        found.append(original(configuration))
        return found[-1]

    monkeypatch.setattr(runs, "pipeline_from_config", remember)
    return found


def test_a_finished_run(results, pipeline_results, nations):
    line = runs.run_cell(CELL, results, use_tqdm=False)
    (result,) = pipeline_results
    assert read_lines(results.file) == [{"format": 1, **line}]
    assert (line["status"], line["stop_reason"], line["key"]) == ("finished", "budget", CELL.key)
    assert (line["dataset"], line["model"], line["strategy"]) == ("WN18RR", "RotL", "HaLE")
    assert line["configuration"] == CELL.configuration()["pipeline"]
    assert line["parameters"] == sum(p.numel() for p in result.model.parameters())
    assert line["steps"] == result.training_loop.num_steps > 0
    assert line["hardware"]["threads"] == torch.get_num_threads()
    assert line["hardware"]["device"] == "cpu"
    # against PyKEEN's own evaluator, of the model that was restored
    for name, triples, filters in [
        ("validation", nations.validation, [nations.training]),
        ("test", nations.testing, [nations.training, nations.validation]),
    ]:
        expected = RankBasedEvaluator().evaluate(
            result.model,
            triples.mapped_triples,
            additional_filter_triples=[known.mapped_triples for known in filters],
            batch_size=64,
            use_tqdm=False,
        )
        assert line[name].keys() == {"mrr", "hits@1", "hits@3", "hits@10"}
        for metric, value in line[name].items():
            assert value == pytest.approx(expected.get_metric(metric), abs=1e-5)


def test_the_curve(results):
    curve = runs.run_cell(CELL, results, use_tqdm=False)["curve"]
    line = results.lines[0]
    seconds = [point[0] for point in curve]
    assert seconds == sorted(seconds)
    assert all(second >= CELL.seconds / 20 * (1 - 1e-4) for second in seconds)
    assert seconds[-1] >= CELL.seconds * (1 - 1e-3)
    # the best point is the model that was restored
    best = max(curve, key=lambda point: point[1])
    assert best[1:] == [line["validation"]["mrr"], line["validation"]["hits@10"]]


def test_embeddings_are_those_of_the_model(results, pipeline_results):
    runs.run_cell(CELL, results, use_tqdm=False)
    (path,) = results.embeddings().values()
    assert path.stem == CELL.key
    entities = load_embeddings(path).tensors["entity.0"]
    assert torch.equal(entities, pipeline_results[0].model.entity_representations[0](None).detach())


def test_no_embeddings(results):
    runs.run_cell(CELL, results, embeddings=False, use_tqdm=False)
    assert results.embeddings() == {}


def test_without_safetensors_the_result_is_kept(results, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "safetensors", None)
    monkeypatch.setitem(sys.modules, "safetensors.torch", None)
    monkeypatch.setattr(runs, "_once", Once(runs.logger))
    with caplog.at_level(logging.WARNING):
        runs.run_cell(CELL, results, use_tqdm=False)
        runs.run_cell(make_cell(seconds=0.02), results, use_tqdm=False)
    assert results.status(CELL.key) == "finished"
    assert caplog.text.count("No embeddings are written") == 1


def test_a_failed_run(results, monkeypatch, caplog):
    def fail(name, kwargs):
        raise OSError("no such data")

    monkeypatch.setattr(runs, "get_dataset_locked", fail)
    line = runs.run_cell(CELL, results)
    assert (line["status"], line["error"], line["curve"]) == ("failed", "OSError: no such data", [])
    assert read_lines(results.file) == [{"format": 1, **line}]
    assert f"{CELL} failed" in caplog.text


def test_an_interrupted_run(results, monkeypatch, tmp_path):
    monkeypatch.setattr(runs.tempfile, "tempdir", str(tmp_path))
    look = TimedStopper.look

    def interrupt(self, *args, **kwargs):
        look(self, *args, **kwargs)
        raise KeyboardInterrupt

    monkeypatch.setattr(TimedStopper, "look", interrupt)
    with pytest.raises(KeyboardInterrupt):
        runs.run_cell(CELL, results, use_tqdm=False)
    (line,) = read_lines(results.file)
    assert line["status"] == "interrupted"
    assert len(line["curve"]) == 1
    assert "test" not in line
    assert [path.name for path in tmp_path.iterdir()] == ["results.jsonl"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_trains(results, strategy):
    line = runs.run_cell(make_cell(strategy=strategy, seconds=0.02), results, embeddings=False, use_tqdm=False)
    assert line["status"] == "finished"


@pytest.mark.parametrize("model", ["TransE", "DistMult", "RotatE", "RotE"])
def test_every_model_trains(results, model):
    line = runs.run_cell(make_cell(model=model, seconds=0.02), results, embeddings=False, use_tqdm=False)
    assert line["status"] == "finished"


@pytest.mark.slow
@pytest.mark.parametrize("model", ["TransE", "DistMult", "RotatE", "RotE"])
@pytest.mark.parametrize("strategy", STRATEGIES)
def test_every_strategy_trains_every_model(results, strategy, model):
    cell = make_cell(strategy=strategy, model=model, seconds=0.02)
    assert runs.run_cell(cell, results, embeddings=False, use_tqdm=False)["status"] == "finished"


def test_a_line_can_be_told_by_its_configuration(results):
    line = json.loads(json.dumps(runs.run_cell(CELL, results, embeddings=False, use_tqdm=False)))
    assert line["key"].endswith(fingerprint(line["configuration"]))
