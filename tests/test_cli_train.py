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


def test_one_is_said_in_the_singular(tmp_path):
    (tmp_path / "t.tsv").write_text("".join(f"n{i}\tknows\tn{j}\n" for i in range(6) for j in range(6) if i != j))
    shown = invoke("train", tmp_path / "t.tsv", "--seconds", "0.05", "-o", tmp_path / "m", "--no-progress")
    assert "6 entities, 1 relation, " in shown
    assert "6 entities, 1 relation; triples: " in (tmp_path / "m" / "report.html").read_text()


@pytest.mark.parametrize(
    ("option", "name", "text"),
    [("--model", "ConjComplx", "did you mean 'conjcomplex'"), ("--loss", "hael", "did you mean 'hale'")],
)
def test_a_name_with_a_typing_error(source, option, name, text, tmp_path):  # noqa: F811
    shown = invoke("train", source, option, name, "-o", tmp_path / "m", code=2)
    assert text in shown
    assert "`pykeen ls " in shown


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.xlsx", "files ending in .xlsx are not read; save the sheet with the triples as CSV"),
        ("t.ttl", "files ending in .ttl are not read; write one line per triple"),
        ("t.zip", "unpack it"),
    ],
)
@pytest.mark.parametrize("columns", [[], ["--head-column", "a", "--relation-column", "b", "--tail-column", "c"]])
def test_what_is_no_table(name, text, columns, tmp_path):
    (tmp_path / name).write_bytes(b"PK\x03\x04\x00\xff")
    assert text in invoke("train", tmp_path / name, *columns, "-o", tmp_path / "m", code=2)
    assert not (tmp_path / "m" / "configuration.json").exists()


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
    assert f"{'t.tsv' if on == 'file' else 'test'}, filtered" in shown


def test_neighbours_and_export(trained, tmp_path):  # noqa: F811
    nearest = trained.neighbours("brazil", top=1)["entity"][0]
    assert nearest in invoke("neighbours", trained.path, "--entity", "brazil", "--top", 1)
    for command in (("neighbours", "--entity", "brazil"), ("export", "--format", "tsv")):
        output = trained.path / "entities.tsv"
        shown = invoke(command[0], trained.path, *command[1:], "-o", output, "--force", code=2)
        assert "is an input, too, and would be lost" in shown
    invoke("export", trained.path, "--format", "word2vec", "-o", tmp_path / "v.txt")
    real_dim = trained.model.entity_representations[0]().flatten(1).view(torch.float32).shape[1]
    assert (tmp_path / "v.txt").read_text().startswith(f"14 {real_dim}\n")
