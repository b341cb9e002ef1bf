"""The report: ours beside the paper's."""

import sys

import pytest
from reproduce_lines import HARDWARE, make_cell, make_line

from pykeen_conj_hale.messages import Once
from pykeen_conj_hale.reproduce import report, strategies
from pykeen_conj_hale.reproduce.report import markdown, write_report


def rows(text, section="## Table 2", dataset="WN18RR"):
    """Read the table of a dataset: a dictionary for each row."""
    part = text.split(section + ",")[1].split("\n## ")[0].split(f"### {dataset}\n")[1].split("### ")[0]
    table = [[cell.strip() for cell in line.split("|")[1:-1]] for line in part.splitlines() if line.startswith("|")]
    return [dict(zip(table[0], row, strict=True)) for row in table[2:]]


def row(text, strategy="HaLE", model="RotL", **where):
    (found,) = [row for row in rows(text, **where) if (row["model"], row["strategy"]) == (model, strategy)]
    return found


def test_medians_beside_the_papers():
    lines = [make_line(make_cell(seed=seed), mrr=mrr) for seed, mrr in enumerate([0.40, 0.48, 0.44])]
    assert row(markdown(lines)) == {
        "model": "RotL",
        "strategy": "HaLE",
        "MRR": ".440",
        "Hits@1": ".220",
        "Hits@10": ".550",
        "seeds": "3",
        "MRR, paper": ".471",
        "Hits@1, paper": ".424",
        "Hits@10, paper": ".558",
        "difference": "−.031 / −.204 / −.008",
        "parameters": "1,311,628",
        "triples/s": "25,000",
        "budget": "600 s",
    }


def test_what_is_missing():
    text = markdown([make_line()])
    missing = row(text, strategy="SamNeg", model="TransE")
    assert (missing["MRR"], missing["MRR, paper"], missing["difference"], missing["budget"]) == ("–", ".177", "–", "–")
    assert len(rows(text)) == 20
    assert "FB15k-237" not in text
    assert "Table 3" not in text


def test_negative_sampling_is_beside_all_of_ours():
    cells = [make_cell(strategy=strategy) for strategy in ("SamNeg", "AdvNeg", "AdvNeg-tuned")]
    text = markdown([make_line(cell, mrr=0.3) for cell in cells])
    for cell in cells:
        assert row(text, strategy=cell.strategy)["difference"].startswith("+.005 / ")


def test_a_run_is_in_every_table_that_has_it():
    text = markdown([make_line()])
    for section in ("## Table 2", "## Table 5, ablation", "## Figure 2, strategies", "## Figure 2, activations"):
        assert row(text, section=section)["MRR"] == ".400"


def test_another_time_is_said():
    text = markdown([make_line(), make_line(make_cell(seconds=60.0), mrr=0.2)])
    assert [row["budget"] for row in rows(text) if row["MRR"] != "–"] == ["60 s (default: 600 s)", "600 s"]
    assert "other budgets than the table's, which are 600 s" in text
    assert "other budgets" not in markdown([make_line()])


def test_runs_of_two_configurations_are_not_mixed(monkeypatch):
    old = [make_line(make_cell(seed=seed), mrr=0.1) for seed in range(3)]
    monkeypatch.setattr(strategies, "TUNED", [(dict(strategy="HaLE"), dict(loss_kwargs=dict(alpha=0.2)))])
    new = make_line(make_cell(), mrr=0.4, date="2026-12-01T00:00:00+00:00")
    found = row(markdown([new, *old]))
    assert (found["MRR"], found["seeds"]) == (".400", "1")


def test_a_run_counts_once():
    again = make_line(mrr=0.3, date="2026-12-01T00:00:00+00:00")
    found = row(markdown([again, make_line(mrr=0.4), make_line(status="failed", date="2027-01-01")]))
    assert (found["MRR"], found["seeds"]) == (".300", "1")


def test_hardware_and_command():
    gpu = {**HARDWARE, "device": "A GPU"}
    text = markdown([make_line(), make_line(make_cell(seed=1), hardware=gpu), make_line(make_cell(seed=2))])
    assert "On A processor, threads: 2; seeds 0, 2." in text
    assert "On A GPU (A processor, threads: 2); seed 1." in text
    assert make_cell().command in text


def test_nothing_is_finished():
    assert "No run is finished." in markdown([make_line(status="interrupted")])


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    path = write_report([make_line(), make_line(make_cell(strategy="SamNeg", table="figure2-strategies"))], tmp_path)
    pictures = {path.name for path in tmp_path.glob("*.png")}
    assert len(pictures) >= 2
    assert all(f"]({name})" in path.read_text() for name in pictures)


def test_without_matplotlib(tmp_path, monkeypatch, caplog):
    for name in [name for name in sys.modules if name.startswith("pykeen_conj_hale.reproduce.pictures")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.split(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setattr(report, "_once", Once(report.logger))
    for _ in range(2):
        path = write_report([make_line()], tmp_path)
    assert row(path.read_text())["MRR"] == ".400"
    assert caplog.text.count("pykeen-conj-hale[plot]") == 1
    assert list(tmp_path.iterdir()) == [path]
    caplog.clear()
    write_report([make_line()], tmp_path, pictures=False)
    assert not caplog.records
