"""The research scripts can be started; what they find is no matter of tests."""

import importlib
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "research"
SCRIPTS = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem != "recording")


@pytest.mark.parametrize("name", SCRIPTS)
def test_help(name, monkeypatch, capsys):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "argv", [f"{name}.py", "--help"])
    with pytest.raises(SystemExit) as ended:
        importlib.import_module(name).main()
    assert ended.value.code == 0
    assert f"usage: {name}.py" in capsys.readouterr().out


def test_the_readme_names_all():
    text = (FOLDER / "README.md").read_text()
    named = sorted(line.split("`")[1] for line in text.splitlines() if line.startswith("| `"))
    assert named == [f"{name}.py" for name in SCRIPTS]


def test_a_line_has_the_command(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setattr(sys, "argv", [str(FOLDER / "tune_hale.py"), "--epochs", "3"])
    path = tmp_path / "new" / "lines.jsonl"
    importlib.import_module("recording").write_line(path, mrr=0.5)
    (line,) = path.read_text().splitlines()
    assert '"mrr": 0.5, "command": "python examples/research/tune_hale.py --epochs 3"' in line
