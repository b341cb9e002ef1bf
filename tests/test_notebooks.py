"""The notebooks run, and what is committed was executed and tells nothing of the machine."""

import os
import re

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError
from notebooks import NOTEBOOKS, clean, execute

EXPECTED = ["compare_losses", "hpo", "neighbours", "new_model", "quickstart", "resume", "unseen_entities"]
#: Those of which the test is not slow
FIRST = ["quickstart"]
#: Paths of a machine, wherever in a text
MACHINE_PATH = re.compile(r"(?<![\w/.])/(?:home|root|tmp|work|usr|opt|var|Users)/|site-packages|[A-Z]:\\\\")
LARGEST = 60_000


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def test_all_are_there():
    assert list(NOTEBOOKS) == EXPECTED


@pytest.mark.parametrize("name", EXPECTED)
def test_what_is_committed_was_executed(name):
    text = NOTEBOOKS[name].read_text()
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert {output.output_type for output in outputs(notebook)} <= {"stream", "execute_result", "display_data"}
    assert MACHINE_PATH.search(text) is None
    assert len(text) < LARGEST
    assert clean(nbformat.reads(text, as_version=4)) == notebook


@pytest.mark.parametrize("name", FIRST + [pytest.param(x, marks=pytest.mark.slow) for x in EXPECTED if x not in FIRST])
def test_it_runs(name, monkeypatch):
    # the kernel is another process: its threads wait for each other, too
    monkeypatch.setenv("OMP_WAIT_POLICY", os.environ.get("OMP_WAIT_POLICY", "PASSIVE"))
    executed = execute(NOTEBOOKS[name], seconds=1)
    committed = nbformat.read(NOTEBOOKS[name], as_version=4)
    assert [cell.source for cell in executed.cells] == [cell.source for cell in committed.cells]
    assert len(outputs(executed)) == len(outputs(committed))


def test_an_error_in_a_notebook_is_an_error(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")])
    nbformat.write(notebook, tmp_path / "x.ipynb")
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        execute(tmp_path / "x.ipynb")


def test_what_is_logged_is_left_out(tmp_path):
    source = "import sys\nprint('a log', file=sys.stderr)\nprint('a result')"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path / "x.ipynb")
    assert [output.text for output in outputs(execute(tmp_path / "x.ipynb"))] == ["a result\n"]


def test_what_is_printed_in_pieces_is_joined(tmp_path):
    source = "import sys, time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.3)"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path / "x.ipynb")
    assert [output.text for output in outputs(execute(tmp_path / "x.ipynb"))] == ["0\n1\n2\n"]


def test_it_runs_in_an_empty_folder_with_the_seconds_given(tmp_path):
    source = "import os\nprint(os.listdir(), os.environ.get('NOTEBOOK_SECONDS'))"
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)]), tmp_path / "x.ipynb")
    assert outputs(execute(tmp_path / "x.ipynb", seconds=3))[0].text == "[] 3\n"
    assert outputs(execute(tmp_path / "x.ipynb"))[0].text == "[] None\n"


@pytest.mark.parametrize(
    ("text", "is_found"),
    [("in /home/x/y", True), ('"/tmp/z"', True), ("lib/site-packages/", True), ("a/tmp/x", False), ("my_model", False)],
)
def test_what_is_a_path_of_a_machine(text, is_found):
    assert bool(MACHINE_PATH.search(text)) is is_found
