"""The command line: its commands, and how they end."""

import errno
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from pykeen_conj_hale.cli import COMMANDS, main
from pykeen_conj_hale.cli.group import LazyGroup


def invoke(*arguments, code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result.output


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


def run(action, *arguments):
    """Run a command that does one thing."""
    group = LazyGroup(name="main", lazy_commands={"act": (f"{__name__}:act", "Act.")}, params=main.params)
    act.callback = action
    return CliRunner().invoke(group, [*arguments, "act"])


@click.command()
def act():
    """Act."""


def fail(error):
    raise error


@pytest.mark.parametrize(
    "error", [ValueError("window=0"), OSError("window=0"), TypeError("window=0"), ImportError("window=0")]
)
def test_wrong_input_is_shown_without_a_traceback(error):
    result = run(lambda: fail(error))
    assert (result.exit_code, result.output) == (2, "Error: window=0\n")
    assert run(lambda: fail(error), "--debug").exception is error


def test_other_errors_are_ours():
    error = RuntimeError("a bug")
    assert run(lambda: fail(error)).exception is error


def test_ctrl_c():
    result = run(lambda: fail(KeyboardInterrupt("All is safe.")))
    assert (result.exit_code, result.output) == (130, "\nInterrupted. All is safe.\n")


def test_a_reader_that_has_gone_is_no_error():
    """As in `pykeen-conj-hale cooccurrence info FILE | head -1`."""
    assert run(lambda: fail(BrokenPipeError(errno.EPIPE, "Broken pipe"))).output == ""
