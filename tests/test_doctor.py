"""The examination of an installation: what is broken is named, with the way out, and nothing broken ends it."""

import dataclasses
import importlib.metadata
import json
import os
import subprocess
import sys

import pytest
import torch
from pykeen.losses import Loss, loss_resolver
from pykeen.models import model_resolver
from test_cli import invoke

from pykeen_conj_hale.doctor import State, examination, examine, folders, machine, names, self_test, versions
from pykeen_conj_hale.entry_points import ENTRY_POINTS

CHEAP = [check for check in examination.CHECKS if check[0] not in ("compiler", "training", "checkpoint")]


def broken(findings):
    return [finding for finding in findings if finding.state is State.BROKEN]


def test_all_is_well(monkeypatch):
    monkeypatch.setattr(examination.examine, "__defaults__", (CHEAP,))
    shown = invoke("doctor")
    assert "All is well." in shown
    assert "ok      pykeen.losses: 5 names: advneg, allneg, hale, nonneg, samneg" in shown
    read = json.loads(invoke("doctor", "--json"))
    assert read["ok"] is True
    topics = {finding["topic"] for finding in read["findings"]}
    assert {"versions", "data folder", "threads", "streaming", *ENTRY_POINTS} <= topics
    models = next(finding for finding in read["findings"] if finding["topic"] == "pykeen.models")
    assert models["details"]["rotl"] == "pykeen_conj_hale.models.rotl.RotL"


def test_a_graph_is_learned_and_a_training_goes_on():
    findings = [*self_test.check_training(), *self_test.check_going_on()]
    assert [finding.state for finding in findings] == [State.OK, State.OK]


def test_a_training_that_learns_nothing_is_found(monkeypatch):
    train = self_test._train

    def spoil(num_epochs, **kwargs):
        result = train(2, **kwargs)
        return dataclasses.replace(result, losses=[1.0, 1.0])

    monkeypatch.setattr(self_test, "_train", spoil)
    (finding,) = self_test.check_training()
    assert finding.state is State.BROKEN
    assert "nothing is learned" in finding.text


def test_a_training_that_does_not_go_on_is_found(monkeypatch):
    train = self_test._train
    monkeypatch.setattr(self_test, "_train", lambda n, **kwargs: train(n if kwargs else n - 1, **kwargs))
    (finding,) = self_test.check_going_on()
    assert finding.state is State.BROKEN
    assert "differs from an uninterrupted one" in finding.text


def test_wrong_streaming_is_found(monkeypatch):
    model = self_test.make_model()
    interaction = type(model.interaction)
    right = interaction.logsumexp
    monkeypatch.setattr(interaction, "logsumexp", lambda *args, **kwargs: right(*args, **kwargs) * (1 + 1e-6))
    (finding,) = self_test.check_streaming()
    assert finding.state is State.BROKEN


class HaLE(Loss):
    """Somebody else's loss of that name."""


HaLE.__module__ = "hypothesis.losses"  # of a package that is installed


def test_a_foreign_registration_is_named(monkeypatch):
    loss_resolver.lookup("HaLE")  # registers ours first
    monkeypatch.setitem(loss_resolver.lookup_dict, "hale", HaLE)
    (finding,) = broken(names.check_names())
    assert finding.topic == "pykeen.losses"
    assert (
        "hale is hypothesis.losses.HaLE, of hypothesis, and not pykeen_conj_hale.losses.hale.HaLELoss" in finding.text
    )
    assert "remove hypothesis" in finding.way_out
    assert finding.details == {"hale": "hypothesis.losses.HaLE"}
    monkeypatch.setattr(examination.examine, "__defaults__", ([("names", "names:check_names")],))
    assert "1 thing broken." in invoke("doctor", code=1)
    assert json.loads(invoke("doctor", "--json", code=1))["ok"] is False


def test_a_name_that_is_missing(monkeypatch):
    model_resolver.lookup("RotE")
    monkeypatch.delitem(model_resolver.lookup_dict, "rote")
    (finding,) = broken(names.check_names())
    assert "rote: PyKEEN does not find pykeen_conj_hale.models.rote.RotE" in finding.text


def test_an_installation_of_another_version(monkeypatch):
    monkeypatch.setitem(names.ENTRY_POINTS["pykeen.stoppers"], "Newer", "pykeen_conj_hale.training:Newer")
    (finding,) = names.check_installation()
    assert finding.state is State.BROKEN
    assert "missing are Newer of pykeen.stoppers" in finding.text


@pytest.mark.parametrize(
    ("line", "topic", "there"),
    [
        ("torch>=99", "requirements", torch.__version__),
        ("no-such-distribution[x]>=2,<3", "requirements", "none"),
        ("pyarrow<1 ; extra == 'parquet'", "extras", importlib.metadata.version("pyarrow")),
    ],
)
def test_a_version_that_does_not_fit(line, topic, there, monkeypatch):
    monkeypatch.setattr(versions, "requires", lambda name: ["numpy>=1", line])
    (finding,) = broken([*versions.check_versions(), *versions.check_extras()])
    assert finding.topic == topic
    assert f"is needed, and {there} is there" in finding.text
    assert "pip install" in finding.way_out


def test_an_extra_that_is_not_there_is_not_broken(monkeypatch):
    lines = ["numpy>=1", "no-such-distribution ; extra == 'a'", "numpy ; extra == 'b'"]
    monkeypatch.setattr(versions, "requires", lambda name: lines)
    (finding,) = versions.check_extras()
    assert finding.state is State.NOTE
    assert finding.details == {"installed": ["b"], "missing": ["a"]}
    assert "pip install 'pykeen-conj-hale[a]'" in finding.way_out


def test_a_program_without_metadata(monkeypatch):
    def missing(name):
        raise importlib.metadata.PackageNotFoundError(name)

    for module, function in ((versions, "requires"), (names, "distribution")):
        monkeypatch.setattr(module, function, missing)
    found = [*versions.check_versions(), *versions.check_extras(), *names.check_installation(), *names.check_names()]
    assert broken(found) == []


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setattr("pykeen.constants.PYKEEN_HOME", tmp_path / "file" / "pykeen")
    (finding,) = broken(folders.check_folders())
    assert finding.topic == "data folder"
    assert "PYKEEN_HOME" in finding.way_out


def test_little_space_is_a_note(tmp_path, monkeypatch):
    monkeypatch.setattr(folders, "LITTLE", 2**80)
    assert {finding.state for finding in folders.check_folders()} == {State.NOTE}


def test_where_pykeen_cannot_be_imported(tmp_path):
    """Its folder is made when it is imported: the command says so all the same."""
    (tmp_path / "file").touch()
    environment = {**os.environ, "PYKEEN_HOME": str(tmp_path / "file" / "pykeen")}
    code = """
import json
from pykeen_conj_hale.doctor import examination
checks = [check for check in examination.CHECKS if check[0] in ("versions", "data folder", "names")]
print(json.dumps([finding.as_dict() for finding in examination.examine(checks)]))
"""
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    found = {finding["topic"]: finding for finding in json.loads(done.stdout)}
    assert found["data folder"]["state"] == "not ok"
    assert "PYKEEN_HOME" in found["data folder"]["way_out"]
    assert found["versions"]["state"] == "ok"
    assert found["names"]["state"] == "not ok"


def test_an_error_of_a_check_is_a_finding():
    first, second = examine([("x", "no_such_module:f"), ("threads", "machine:check_threads")])
    assert (first.topic, first.state) == ("x", State.BROKEN)
    assert "no_such_module" in first.text
    assert second.topic == "threads"


def test_more_threads_than_cores(monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 1_000)
    (finding,) = machine.check_threads()
    assert finding.state is State.NOTE
    assert "OMP_NUM_THREADS=" in finding.way_out


def test_without_a_compiler(monkeypatch):
    def fail(device):
        raise RuntimeError("no g++\nand more")

    monkeypatch.setattr(machine, "compile_passes", fail)
    (finding,) = machine.check_compiler()
    assert finding.state is State.NOTE
    assert "RuntimeError: no g++)" in finding.text


@pytest.mark.slow
def test_the_whole_examination():
    assert "torch.compile" in invoke("doctor")
