"""The command line."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pykeen_conj_hale.cli import COMMANDS, main
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


def test_help_imports_no_command():
    code = """
import sys
from pykeen_conj_hale.cli import main
main(["--help"], standalone_mode=False)
print("torch is imported:", "torch" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(name in done.stdout for name in COMMANDS)
    assert "torch is imported: False" in done.stdout


def test_every_command_can_be_had():
    for name in COMMANDS:
        assert isinstance(main.get_command(click.Context(main), name), click.Command)
        assert "Usage" in invoke(name, "--help")
    invoke("nothing", code=2)


def test_as_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "pykeen_conj_hale", "--version"], capture_output=True, text=True, check=True
    )
    assert "pykeen-conj-hale" in done.stdout


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


def test_errors_without_a_traceback(corpus):
    out = corpus / "c.npz"
    assert "Error: window=0" in invoke("cooccurrence", "build", corpus / "corpus.txt", "--window", 0, "-o", out, code=1)
    (corpus / "bad.txt").write_bytes(b"ok \xff")
    assert "byte offset 3" in invoke("cooccurrence", "build", corpus / "bad.txt", "-o", out, code=1)
    assert "no file of co-occurrences" in invoke("cooccurrence", "info", corpus / "corpus.txt", code=1)
    columns = ("--description-columns", "a,b")
    assert "'a,b' must be whole numbers" in invoke(
        "cooccurrence", "build", corpus / "corpus.txt", *columns, "-o", out, code=1
    )
    assert not out.exists()


def test_joint(corpus):
    options = {"min_count": 1, "use_tqdm": False}
    configuration = {
        "cooccurrence": {**options, "documents": "corpus.txt", "mentions": "mentions.tsv", "mention_separator": "|"},
        "pipeline": {"dataset": "nations", "model": "JointGloVe", "model_kwargs": {"base": "TransE"}},
    }
    (corpus / "config.json").write_text(json.dumps(configuration))
    output = invoke("joint", corpus / "config.json", "-o", corpus / "out", code=1)
    assert "None of the 1 entities" in output  # told before training
