"""Models that share parameters beside those that do not: what is measured, and what the report says."""

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import model_resolver
from reproduce_lines import make_line

from pykeen_conj_hale.reproduce import costs, runs
from pykeen_conj_hale.reproduce.costs import relation_bytes
from pykeen_conj_hale.reproduce.report import markdown
from pykeen_conj_hale.reproduce.results import ResultsFolder, read_lines
from pykeen_conj_hale.reproduce.selection import select


def make_run(model, mrr, seed=0, seconds=8.0, size=4, **choice):
    (cell,) = select(["rank50"], ["CoDEx-S"], [model], paper="conjugate", seeds=[seed], **choice)
    relations = dict.fromkeys(("model", "optimizer", "checkpoint"), size)
    measured = dict(relation_bytes=relations, seconds_per_epoch=seconds, regularizer_share=0.25)
    return make_line(cell, mrr=mrr, costs=measured)


def row(text, heading):
    """Read the only row of the first table below a heading."""
    lines = [*text.split(heading)[1].splitlines(), ""]
    start = next(number for number, line in enumerate(lines) if line.startswith("|"))
    names, _, values, after = lines[start : start + 4]
    assert not after
    return dict(zip(*([cell.strip() for cell in line.split("|")] for line in (names, values)), strict=True))


def trained(name, dim=4):
    """Make a model and its optimizer after a step."""
    factory = Nations(create_inverse_triples=True).training
    model = model_resolver.make(name, triples_factory=factory, embedding_dim=dim, random_seed=0)
    optimizer = torch.optim.Adagrad(model.get_grad_params(), lr=0.1)
    model.score_hrt(factory.mapped_triples[:5]).sum().backward()
    optimizer.step()
    return model, optimizer, factory.real_num_relations * 2


def test_bytes_of_relations():
    """Two float32 numbers per complex one, and Adagrad's sums as many again and a step."""
    for name, complex_numbers in (("QueryComplEx", 4), ("ConjComplEx", 2), ("FiveStarE", 16), ("ConjFiveStarE", 8)):
        model, optimizer, num_relations = trained(name)
        found = relation_bytes(model, optimizer)
        assert found["model"] == num_relations * complex_numbers * 8
        steps = 4 * len(list(model.relation_representations))
        assert found["optimizer"] == found["model"] + steps
        # names and alignment besides
        assert 0 < found["checkpoint"] - 2 * found["model"] < 4_096 * len(list(model.relation_representations))


def test_a_run_of_epochs(tmp_path, monkeypatch):
    dataset = Nations(create_inverse_triples=True)
    monkeypatch.setattr(runs, "get_dataset_locked", lambda name, kwargs: dataset)
    monkeypatch.setattr(costs, "_ROUNDS", 2)
    (cell,) = select(["rank26"], ["CoDEx-S"], ["ConjComplEx"], paper="conjugate", epochs=4)
    results = ResultsFolder(tmp_path)
    line = runs.run_cell(cell, results, embeddings=False, use_tqdm=False)
    assert read_lines(results.file) == [{"format": 1, **line}]
    assert (line["status"], line["stop_reason"], line["seconds"], line["epochs"]) == ("finished", "epochs", None, 4)
    seconds, values = zip(*((second, mrr) for second, mrr, _ in line["curve"]), strict=True)
    assert len(seconds) == 4
    assert list(seconds) == sorted(seconds)
    assert max(values) == line["validation"]["mrr"]
    measured = line["costs"]
    assert measured["seconds_per_epoch"] == pytest.approx(seconds[-1] / 4, rel=0.2)
    assert measured["relation_bytes"]["model"] == dataset.training.real_num_relations * 2 * 13 * 8
    assert measured["regularizer_share"] < 1


def test_an_epoch_that_was_cut_off_is_none(tmp_path, monkeypatch):
    dataset = Nations(create_inverse_triples=True)
    monkeypatch.setattr(runs, "get_dataset_locked", lambda name, kwargs: dataset)
    monkeypatch.setattr(costs, "_ROUNDS", 2)
    monkeypatch.setitem(runs.__dict__, "_hardware", lambda device, threads: dict(threads=threads))
    (cell,) = select(["rank26"], ["CoDEx-S"], ["ConjComplEx"], paper="conjugate", seconds=1e-9)
    line = runs.run_cell(cell, ResultsFolder(tmp_path), embeddings=False, use_tqdm=False)
    assert (line["epochs"], line["steps"]) == (0, 1)
    num_steps = -(-2 * dataset.training.num_triples // 100)
    first_step = line["curve"][-1][0]
    assert line["costs"]["seconds_per_epoch"] == pytest.approx(first_step * num_steps, rel=0.1)


def test_no_regularizer_costs_nothing():
    assert costs.regularizer_share({}, Nations().training) == 0.0


def test_difference_and_spread():
    lines = [make_run("ComplEx", mrr, seed) for seed, mrr in enumerate((0.40, 0.43, 0.42))]
    lines += [make_run("ConjComplEx", mrr, seed, seconds=6.0, size=2) for seed, mrr in enumerate((0.40, 0.41, 0.39))]
    text = markdown(lines)
    assert text.startswith("# Conjugate sharing reproduced\n")
    accuracy = row(text, "## Shared beside unshared")
    assert (accuracy["MRR"], accuracy["MRR, twin"]) == (".400", ".420")
    assert (accuracy["difference"], accuracy["spread of seeds"], accuracy["within"]) == ("−.020", ".030", "yes")
    assert accuracy["seeds"] == "3, 3"


def test_costs_are_beside_the_twins():
    text = markdown([make_run("ComplEx", 0.4), make_run("ConjComplEx", 0.3, seconds=6.0, size=2)])
    accuracy = row(text, "## Shared beside unshared")
    assert (accuracy["spread of seeds"], accuracy["within"]) == ("–", "–")
    measured = row(text, "without it in turns")
    assert measured["relations in the checkpoint, bytes"] == "2"
    assert measured["model / twin's"] == measured["optimizer / twin's"] == "0.500"
    assert (measured["seconds per epoch"], measured["of these N3"], measured["time / twin's"]) == ("6", "1.5", "0.75")


def test_only_equal_budgets_are_compared():
    assert "## Shared" not in markdown([make_run("ComplEx", 0.4, epochs=3), make_run("ConjComplEx", 0.4)])
    assert "## Shared" in markdown([make_run("ComplEx", 0.4, epochs=3), make_run("ConjComplEx", 0.4, epochs=3)])


def test_papers_are_apart():
    (hyper,) = select(["results"], ["WN18RR"], ["HypER"], paper="hyper")
    text = markdown([make_line(), make_line(hyper, mrr=0.3)])
    assert text.startswith("# HaLE, HypER reproduced\n")
    assert text.index("## Table 2") < text.index("## Tables 2 and 4 to 7") < text.index("## Length of filters")
    assert "−.165 / " in text.split("## Tables 2 and 4")[1]


def test_curves_of_models(tmp_path):
    pytest.importorskip("matplotlib")
    from pykeen_conj_hale.reproduce.pictures import draw

    lines = [make_run("ComplEx", 0.4), make_run("ConjComplEx", 0.3), make_run("ConjComplEx", 0.2, seed=1)]
    assert [path.name for path in draw(lines, tmp_path, {})] == ["mrr_conjugate_rank50_CoDEx-S.png"]
    assert draw(lines[1:], tmp_path, {}) == []
