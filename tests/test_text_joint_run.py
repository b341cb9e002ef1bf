"""Joint training from a configuration file."""

import json

import pytest

from pykeen_conj_hale.text import Cooccurrence, JointGloVe
from pykeen_conj_hale.text.corpus import count_text
from pykeen_conj_hale.text.joint_configuration import read_configuration
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


def test_counted_twice_is_an_error(folder, tmp_path):
    settings = {**PIPELINE, "model_kwargs": {**PIPELINE["model_kwargs"], "cooccurrence": "cooc.npz"}}
    with pytest.raises(ValueError, match="leave one of them out"):
        run_joint({"pipeline": settings, "cooccurrence": COUNTING}, folder=folder, output_directory=tmp_path)
