"""Joint training from a configuration file."""

import json
import shutil

import pytest

from pykeen_conj_hale.text import Cooccurrence, JointGloVe
from pykeen_conj_hale.text.corpus import count_text
from pykeen_conj_hale.text.joint_configuration import read_configuration
from pykeen_conj_hale.text.joint_paths import complete_paths
from pykeen_conj_hale.text.joint_run import run_joint


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "corpus.txt").write_text("brazil trades with the uk\nthe usa trades with brazil\n")
    (tmp_path / "glosses.tsv").write_text(
        "brazil\tBrazil, Brasil\ta state by the sea\ncuba\tCuba\tan island near the usa\n"
    )
    (tmp_path / "held_out.txt").write_text("cuba\tnear\tusa\n")
    (tmp_path / "mentions.tsv").write_text("brazil\tBrazil, Brasil\nuk\tUK\nusa\tUSA\n")
    return tmp_path


COUNTING = {
    "documents": ["corpus.txt"],
    "descriptions": "glosses.tsv",
    "mentions": "mentions.tsv",
    "mention_separator": ", ",
    "held_out": "held_out.txt",
    "min_count": 1,
    "use_tqdm": False,
}
PIPELINE = {
    "dataset": "nations",
    "dataset_kwargs": {"create_inverse_triples": True},
    "model": "JointGloVe",
    "model_kwargs": {"base": "RotE", "embedding_dim": 8, "weight": 0.5, "text_batch_size": 16},
    "loss": "HaLE",
    "training_loop": "QuerySampling",
    "training_kwargs": {"num_epochs": 1, "use_tqdm": False},
    "evaluation_kwargs": {"use_tqdm": False, "batch_size": 64},
    "random_seed": 0,
}


def write(folder, **parts):
    path = folder / "config.json"
    path.write_text(json.dumps(parts))
    return path


def test_a_joint_run(folder, tmp_path):
    path = write(folder, metadata={"title": "test"}, cooccurrence=COUNTING, pipeline=PIPELINE)
    out = tmp_path / "out"
    result = run_joint(read_configuration(path), folder=folder, output_directory=out)
    assert isinstance(result.model, JointGloVe)
    counted = Cooccurrence.load(out / "cooccurrence.npz")
    assert counted.entities == ["brazil", "cuba", "uk", "usa"]
    cuba = counted.matrix.toarray()[counted.entities.index("cuba")]
    assert not cuba[counted.entities.index("usa")]  # removed: a held-out triple connects them
    assert cuba[len(counted.entities) + counted.words.index("island")] == 10.0
    assert json.loads((out / "results.json").read_text())["losses"] == result.losses
    assert (out / "word_vectors.txt").read_text().startswith(f"{14 + len(counted.words)} 8\nENTITY/brazil ")


def test_counts_from_a_file(folder, tmp_path):
    count_text(**{**COUNTING, "documents": [folder / "corpus.txt"], "descriptions": None, "held_out": [],
                  "mentions": folder / "mentions.tsv"}).save(folder / "cooc.npz")  # fmt: skip
    settings = {**PIPELINE, "model_kwargs": {**PIPELINE["model_kwargs"], "cooccurrence": "cooc.npz"}}
    path = write(folder, pipeline=settings)
    run_joint(read_configuration(path), folder=folder, output_directory=tmp_path / "out")
    assert (tmp_path / "out" / "word_vectors.txt").is_file()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"metadata": {}}, "no part `pipeline`"),
        ({"pipeline": PIPELINE, "text": {}}, r"unknown parts \['text'\]"),
        ({"pipeline": {**PIPELINE, "model": "TransE"}}, "model='TransE'"),
    ],
)
def test_wrong_configurations(folder, parts, message):
    with pytest.raises(ValueError, match=message):
        read_configuration(write(folder, **parts))


TRIPLES = {"training": "train.txt", "testing": "test.txt"}
SMALL = {**PIPELINE, "model_kwargs": {"base": "TransE", "embedding_dim": 8}, "loss": "marginranking"}
del SMALL["dataset"], SMALL["dataset_kwargs"], SMALL["training_loop"], SMALL["evaluation_kwargs"]


@pytest.fixture
def graph(folder):
    (folder / "train.txt").write_text("brazil\tr\tcuba\ncuba\tr\tuk\nuk\tr\tusa\nusa\tr\tbrazil\n")
    (folder / "test.txt").write_text("brazil\tr\tuk\n")
    (folder / "kg").mkdir()
    for source, target in {"train": "train", "test": "test", "valid": "test"}.items():
        shutil.copy(folder / f"{target}.txt", folder / "kg" / f"{source}.txt")
    return folder


@pytest.mark.parametrize("where", ["folder", "working directory"])
@pytest.mark.parametrize("triples", [TRIPLES, {"dataset": "WN18RRAll", "dataset_kwargs": {"path": "kg"}}])
def test_triples_are_where_the_file_is(graph, tmp_path, monkeypatch, triples, where):
    """Or else in the working directory, as PyKEEN has it."""
    monkeypatch.chdir(graph if where == "working directory" else "/")
    path = write(graph, cooccurrence={**COUNTING, "held_out": []}, pipeline={**SMALL, **triples})
    if where == "working directory":
        (graph / "sub").mkdir()
        path = path.rename(graph / "sub" / path.name)
    result = run_joint(read_configuration(path), folder=path.parent, output_directory=tmp_path / "out")
    assert result.model.num_entities == 4
    assert (tmp_path / "out" / "results.json").is_file()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"training": "none.txt"}, "pipeline.training='none.txt' is not there: a path is relative to"),
        ({"testing": "none.txt"}, "pipeline.testing='none.txt' is not there"),
        ({"validation": "none.txt"}, "pipeline.validation='none.txt' is not there"),
        ({"dataset_kwargs": {"path": "none"}}, "pipeline.dataset_kwargs.path='none' is not there"),
        ({"model_kwargs": {"base": "TransE", "wieght": 3}}, "model_kwargs has 'wieght', .* did you mean .*weight"),
    ],
)
def test_what_is_missing_is_found_before_counting(graph, tmp_path, monkeypatch, changes, message):
    monkeypatch.setattr("pykeen_conj_hale.text.joint_run.count_text", None)  # counting would be an error
    configuration = {"cooccurrence": COUNTING, "pipeline": {**SMALL, **TRIPLES, **changes}}
    with pytest.raises((FileNotFoundError, ValueError), match=message):
        run_joint(configuration, folder=graph, output_directory=tmp_path / "out")


@pytest.mark.parametrize("name", ["documents", "descriptions", "mentions", "held_out"])
def test_missing_texts_are_found_before_counting(graph, tmp_path, monkeypatch, name):
    monkeypatch.setattr("pykeen_conj_hale.text.joint_run.count_text", None)
    configuration = {"cooccurrence": {**COUNTING, name: "none.txt"}, "pipeline": {**SMALL, **TRIPLES}}
    with pytest.raises(FileNotFoundError, match=f"cooccurrence.{name}='none.txt' is not there"):
        run_joint(configuration, folder=graph, output_directory=tmp_path / "out")


def test_triples_are_no_output(graph):
    (graph / "train.txt").rename(graph / "results.json")
    settings = {**SMALL, **TRIPLES, "training": "results.json"}
    with pytest.raises(ValueError, match="is an input, too"):
        run_joint({"pipeline": settings}, folder=graph, output_directory=graph, force=True)


def test_counted_twice_is_an_error(folder, tmp_path):
    settings = {**PIPELINE, "model_kwargs": {**PIPELINE["model_kwargs"], "cooccurrence": "cooc.npz"}}
    with pytest.raises(ValueError, match="leave one of them out"):
        run_joint({"pipeline": settings, "cooccurrence": COUNTING}, folder=folder, output_directory=tmp_path)


def test_what_is_no_file_is_left_to_pykeen(graph):
    given = {"training": "https://example.org/train.txt", "testing": "bel:test"}
    completed, found = complete_paths({"pipeline": {**SMALL, **given}}, graph)
    assert completed["pipeline"] == {**SMALL, **given}
    assert found == []


def test_labels_that_differ_in_white_space_only(graph, tmp_path, caplog):
    """A text file of vectors cannot tell them apart: all else is written."""
    lines = (graph / "train.txt").read_text()
    (graph / "train.txt").write_text(lines.replace("usa", "new york").replace("uk", "new_york"))
    (graph / "test.txt").write_text("brazil\tr\tcuba\n")
    configuration = {"cooccurrence": {**COUNTING, "held_out": []}, "pipeline": {**SMALL, **TRIPLES}}
    run_joint(configuration, folder=graph, output_directory=tmp_path / "out")
    assert (tmp_path / "out" / "results.json").is_file()
    assert not (tmp_path / "out" / "word_vectors.txt").exists()
    assert "No word_vectors.txt: Some tokens would be the same" in caplog.text
