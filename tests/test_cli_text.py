"""The commands ``cooccurrence`` and ``joint``."""

import json

import pytest
from click.testing import CliRunner

from pykeen_conj_hale.cli import main
from pykeen_conj_hale.locks import only_writer
from pykeen_conj_hale.text import Cooccurrence


def invoke(*arguments, code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture
def corpus(tmp_path):
    (tmp_path / "corpus.txt").write_text("New York is big\nbig cities are big\n")
    (tmp_path / "glosses.tsv").write_text("Q1\tx\tbig city\n")
    (tmp_path / "mentions.tsv").write_text("Q60\tNew York|NYC\n")
    return tmp_path


def test_count_and_show(corpus):
    output = invoke(
        "cooccurrence", "build", corpus / "corpus.txt", "--descriptions", corpus / "glosses.tsv", "--mentions",
        corpus / "mentions.tsv", "--mention-separator", "|", "--min-count", 1, "--window", 2, "-o", corpus / "c.npz",
    )  # fmt: skip
    counted = Cooccurrence.load(corpus / "c.npz")
    assert counted.entities == ["Q1", "Q60"]
    assert str(counted) in output
    shown = invoke("cooccurrence", "info", corpus / "c.npz")
    assert "window: 2" in shown
    assert counted.fingerprint() in shown


def test_bad_options(corpus):
    for option, value, says in [
        ("--window", 0, "0 is not in the range x>=1"),
        ("--min-count", 0, "0 is not in the range x>=1"),
        ("--max-vocab", 0, "0 is not in the range x>=1"),
        ("--description-weight", -1, "-1.0 is not in the range x>=0"),
        ("--description-columns", "a,b", "'a,b' must be whole numbers"),
    ]:
        output = invoke("cooccurrence", "build", corpus / "corpus.txt", option, value, "-o", corpus / "c.npz", code=2)
        assert f"Invalid value for '{option}': " in output
        assert says in output
    assert not (corpus / "c.npz").exists()


def test_bad_files(corpus):
    out = corpus / "c.npz"
    (corpus / "bad.txt").write_bytes(b"ok \xff")
    assert "byte offset 3" in invoke("cooccurrence", "build", corpus / "bad.txt", "-o", out, code=2)
    assert "no file of co-occurrences" in invoke("cooccurrence", "info", corpus / "corpus.txt", code=2)
    assert not out.exists()


def test_joint(corpus):
    options = {"min_count": 1, "use_tqdm": False}
    configuration = {
        "cooccurrence": {**options, "documents": "corpus.txt", "mentions": "mentions.tsv", "mention_separator": "|"},
        "pipeline": {"dataset": "nations", "model": "JointGloVe", "model_kwargs": {"base": "TransE"}},
    }
    (corpus / "config.json").write_text(json.dumps(configuration))
    output = invoke("joint", corpus / "config.json", "-o", corpus / "out", code=2)
    assert "None of the 1 entities" in output  # told before training


BUILD = ("--min-count", 1, "--no-progress")


def test_the_corpus_is_no_output(corpus):
    text, glosses = corpus / "corpus.txt", corpus / "glosses.tsv"
    before = text.read_bytes(), glosses.read_bytes()
    for target in (text, glosses):
        for more in ((), ("--force",)):
            output = invoke(
                "cooccurrence", "build", text, "--descriptions", glosses, *BUILD, *more, "-o", target, code=2
            )
            assert "is an input, too, and would be lost" in output
    assert (text.read_bytes(), glosses.read_bytes()) == before


def test_an_earlier_result_is_replaced_by_force_only(corpus):
    arguments = ("cooccurrence", "build", corpus / "corpus.txt", *BUILD, "-o", corpus / "c.npz")
    invoke(*arguments)
    invoke(*arguments, "--window", 1, "--force")
    assert "is there already" in invoke(*arguments, code=2)
    assert Cooccurrence.load(corpus / "c.npz").settings["window"] == 1


def test_an_unwritable_output_is_found_before_counting(corpus, monkeypatch):
    monkeypatch.setattr("pykeen_conj_hale.cli.text.count_text", None)  # counting would be an error
    target = corpus / "corpus.txt" / "c.npz"
    assert "cannot be written" in invoke("cooccurrence", "build", corpus / "glosses.tsv", *BUILD, "-o", target, code=2)


def test_a_table_with_a_header(corpus):
    (corpus / "t.tsv").write_text('entity\tdescription\nQ1\t"a ""big""\ncity"\n')
    arguments = ("cooccurrence", "build", "--descriptions", corpus / "t.tsv", *BUILD, "-o", corpus / "c.npz")
    assert "t.tsv, line 1: a header" in invoke(*arguments, code=2)
    invoke(*arguments, "--header", "drop")
    assert Cooccurrence.load(corpus / "c.npz").tokens == ["Q1", "a", "big", "city"]
    output = invoke(*arguments, "--header", "drop", "--no-quoting", "--force", code=2)
    assert "t.tsv, line 3: has 1 columns" in output


def test_joint_replaces_an_earlier_run_by_force_only(corpus):
    (corpus / "config.json").write_text('{"pipeline": {"model": "JointGloVe", "model_kwargs": {"base": "TransE"}}}')
    for name in ("results.json", "cooccurrence.npz", "word_vectors.txt", "trained_model.pkl", "metadata.json"):
        (corpus / "out").mkdir(exist_ok=True)
        (corpus / "out" / name).write_text("earlier")
        assert f"{name}' is there already" in invoke("joint", corpus / "config.json", "-o", corpus / "out", code=2)
        (corpus / "out" / name).unlink()
    (corpus / "config.json").rename(corpus / "metadata.json")
    assert "is an input, too" in invoke("joint", corpus / "metadata.json", "-o", corpus, "--force", code=2)


def test_outputs_that_another_run_writes_to(corpus, monkeypatch):
    """The second run is told at the start; so is one that looked before the first one had written anything."""
    monkeypatch.setattr("pykeen_conj_hale.locks.WAIT_SECONDS", 0.0)
    for module in ("cli.text", "text.joint_run"):
        monkeypatch.setattr(f"pykeen_conj_hale.{module}.count_text", None)  # counting would be an error
    configuration = {
        "cooccurrence": {"documents": "corpus.txt"},
        "pipeline": {"dataset": "nations", "model": "JointGloVe", "model_kwargs": {"base": "TransE"}},
    }
    (corpus / "config.json").write_text(json.dumps(configuration))
    with only_writer(corpus / "c.npz"), only_writer(corpus / "out" / "results.json"):
        for force in ((), ("--force",)):
            for command in (
                ("cooccurrence", "build", corpus / "corpus.txt", *BUILD, "-o", corpus / "c.npz"),
                ("joint", corpus / "config.json", "-o", corpus / "out"),
            ):
                assert "is in use by process" in invoke(*command, *force, code=2)


def test_joint_does_not_replace_its_text(corpus):
    (corpus / "word_vectors.txt").write_text("a text")
    configuration = {
        "cooccurrence": {"documents": "word_vectors.txt"},
        "pipeline": {"model": "JointGloVe", "model_kwargs": {"base": "TransE"}},
    }
    (corpus / "config.json").write_text(json.dumps(configuration))
    assert "is an input, too" in invoke("joint", corpus / "config.json", "-o", corpus, "--force", code=2)
    assert (corpus / "word_vectors.txt").read_text() == "a text"
