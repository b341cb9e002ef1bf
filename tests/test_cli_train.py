"""The commands train, predict, neighbours, evaluate and export."""

import pytest
import torch
from test_cli import invoke
from test_workflow import source, trained  # noqa: F401 (fixtures)


def test_train_on_a_table(tmp_path):
    rows = [f"n{i},knows,n{j},x" for i in range(6) for j in range(6) if i != j]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,c,d", *rows]) + "\n")
    columns = ["--head-column", "a", "--relation-column", "b", "--tail-column", "c"]
    command = ["train", tmp_path / "t.csv", "--seconds", "0.05", "-o", tmp_path / "m", "--no-progress"]
    shown = invoke(*command, *columns)
    assert all(word in shown for word in ("MRR", "most frequent answers", "report.html", "pykeen-conj-hale predict"))
    assert "is not empty" in invoke(*command, *columns, code=2)
    assert "Give all three" in invoke(*command, "--head-column", "a", code=2)
    assert "4 columns, and no telling" in invoke(*command, "--force", code=2)


def test_predict(trained, tmp_path):  # noqa: F811
    shown = invoke("predict", trained.path, "--head", "brazil", "--relation", "embassy", "--top", 2).splitlines()
    best = trained.predict(head="brazil", relation="embassy", top=2)
    assert [line.split()[2] for line in shown[2:]] == best["tail"].tolist()
    (tmp_path / "q.tsv").write_text("brazil\tembassy\t?\n007\tembassy\t?\n")
    invoke("predict", trained.path, "--questions", tmp_path / "q.tsv", "--top", 2, "-o", tmp_path / "a.tsv")
    rows = [line.split("\t") for line in (tmp_path / "a.tsv").read_text().splitlines()]
    assert rows[0] == ["question", "head", "relation", "tail", "rank", "score", "known"]
    assert [row[1] for row in rows[1:]] == ["brazil", "brazil", "007", "007"]
    questions = ["predict", trained.path, "--questions", tmp_path / "q.tsv", "-o"]
    assert "--force" in invoke(*questions, tmp_path / "a.tsv", code=2)
    assert "is an input" in invoke(*questions, tmp_path / "q.tsv", "--force", code=2)
    assert "did you mean 'brazil'" in invoke(
        "predict", trained.path, "--head", "brasil", "--relation", "embassy", code=2
    )
    assert "Give two of" in invoke("predict", trained.path, code=2)


@pytest.mark.parametrize("on", ["test", "file"])
def test_evaluate(trained, on, tmp_path):  # noqa: F811
    (tmp_path / "t.tsv").write_text((trained.path / "triples" / "test.txt").read_text())
    shown = invoke("evaluate", trained.path, *([tmp_path / "t.tsv"] if on == "file" else []))
    assert f"{trained.metrics['test']['MRR']:.3f}" in shown


def test_neighbours_and_export(trained, tmp_path):  # noqa: F811
    nearest = trained.neighbours("brazil", top=1)["entity"][0]
    assert nearest in invoke("neighbours", trained.path, "--entity", "brazil", "--top", 1)
    invoke("export", trained.path, "--format", "word2vec", "-o", tmp_path / "v.txt")
    real_dim = trained.model.entity_representations[0]().flatten(1).view(torch.float32).shape[1]
    assert (tmp_path / "v.txt").read_text().startswith(f"14 {real_dim}\n")
