"""Run the notebooks of docs/notebooks anew, and keep what they show.

    python tests/notebooks.py                 all of them, at full length: some minutes
    python tests/notebooks.py quickstart      one of them

Each runs in an empty folder of its own, so that it needs nothing but this package and its extras. What tells of the
machine is left out: times of execution, versions of the kernel, and standard error, to which Jupyter sends logs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "notebooks"
NOTEBOOKS = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
#: The seconds of one training, for the notebooks: they have a number of their own
VARIABLE = "NOTEBOOK_SECONDS"
#: Of one cell: those with several trainings take minutes
TIMEOUT = 1_200


def execute(path: Path, seconds: float | None = None) -> NotebookNode:
    """Execute a notebook in an empty folder.

    :param path: the notebook
    :param seconds: the seconds of one training; the notebook's own if not given
    :return: the notebook with its outputs
    """
    notebook = nbformat.read(path, as_version=4)
    environment = {**os.environ, "TQDM_DISABLE": "1", "NO_COLOR": "1"}
    environment.pop(VARIABLE, None)
    if seconds is not None:
        environment[VARIABLE] = str(seconds)
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=TIMEOUT,
            kernel_name="python3",
            record_timing=False,
            resources={"metadata": {"path": folder}},
        )
        client.execute(env=environment)
    return clean(notebook)


def clean(notebook: NotebookNode) -> NotebookNode:
    """Leave out what differs between machines and runs without meaning anything.

    :param notebook: the notebook, which is changed
    :return: the same
    """
    notebook.metadata = NotebookNode(
        kernelspec=NotebookNode(display_name="Python 3", language="python", name="python3"),
        language_info=NotebookNode(name="python"),
    )
    for cell in notebook.cells:
        cell.metadata = NotebookNode()
        if cell.cell_type == "code":
            cell.outputs = _joined([output for output in cell.outputs if output.get("name") != "stderr"])
    return notebook


def _joined(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join what was printed in pieces: when a kernel sends a piece depends on how busy the machine is."""
    joined: list[NotebookNode] = []
    for output in outputs:
        if joined and output.get("name") == joined[-1].get("name") == "stdout":
            joined[-1] = NotebookNode(joined[-1], text=joined[-1].text + output.text)
        else:
            joined.append(output)
    return joined


def write(path: Path, notebook: NotebookNode) -> None:
    """Write a notebook as it is committed."""
    nbformat.validate(notebook)
    path.write_text(nbformat.writes(notebook) + "\n")


def main() -> None:
    """Execute the notebooks that are named, or all of them, and write them with their outputs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *NOTEBOOKS], help=", ".join(NOTEBOOKS))
    for name in parser.parse_args().names or NOTEBOOKS:
        start = time.monotonic()
        write(NOTEBOOKS[name], execute(NOTEBOOKS[name]))
        sys.stdout.write(f"{name}: {time.monotonic() - start:.0f} s\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
