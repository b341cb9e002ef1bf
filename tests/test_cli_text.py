"""The commands ``cooccurrence`` and ``joint``."""

import json

import pytest
from click.testing import CliRunner

from pykeen_conj_hale.cli import main
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
