"""The commands ``reproduce`` and ``report``."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner
from filelock import FileLock
from pykeen.datasets import Nations
from pykeen.datasets.nations import NATIONS_TEST_PATH, NATIONS_TRAIN_PATH, NATIONS_VALIDATE_PATH
from reproduce_lines import make_cell, make_line

from pykeen_conj_hale.cli import main
from pykeen_conj_hale.reproduce import runs, session
from pykeen_conj_hale.reproduce.results import ResultsFolder, read_lines

CHOICE = ["--table", "table2", "--dataset", "WN18RR", "--model", "RotL"]
QUICK = ["--seconds", "0.02", "--no-pictures", "--no-embeddings"]


def invoke(*arguments, code=0):
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == code, result.output
    return result.output


@pytest.fixture(autouse=True)
def nations(monkeypatch):
    """A small dataset in place of the paper's, in this process."""
    dataset = Nations(create_inverse_triples=True)
    monkeypatch.setattr(runs, "get_dataset_locked", lambda name, kwargs: dataset)


@pytest.fixture
def environment(tmp_path):
    """A small dataset in place of the paper's, in other processes."""
    folder = tmp_path / "datasets" / "wn18rr"
    folder.mkdir(parents=True)
    for name, source in [
        ("train", NATIONS_TRAIN_PATH),
        ("valid", NATIONS_VALIDATE_PATH),
        ("test", NATIONS_TEST_PATH),
    ]:
        (folder / f"{name}.txt").write_bytes(source.read_bytes())
    return {**os.environ, "PYKEEN_CONJ_HALE_DATASETS": str(folder.parent), "PYKEEN_HOME": str(tmp_path / "pykeen")}


def test_a_table_is_finished_in_two_goes(tmp_path):
    out = invoke("reproduce", *CHOICE, "--strategy", "hale", *QUICK, "-o", tmp_path)
    assert "Runs: 1, finished: 0, to do: 1" in out
    first = (tmp_path / "results.jsonl").read_bytes()
    out = invoke("reproduce", *CHOICE, "--strategy", "hale", "--strategy", "samneg", *QUICK, "-o", tmp_path)
    assert "Runs: 2, finished: 1, to do: 1" in out
    content = (tmp_path / "results.jsonl").read_bytes()
    assert content.startswith(first)
    assert [json.loads(line)["strategy"] for line in content.splitlines()] == ["HaLE", "SamNeg"]
    out = invoke("reproduce", *CHOICE, "--strategy", "hale", "--strategy", "samneg", *QUICK, "-o", tmp_path)
    assert "Runs: 2, finished: 2, to do: 0" in out
    assert (tmp_path / "results.jsonl").read_bytes() == content
    assert "0.02 s (default: 600 s)" in (tmp_path / "report.md").read_text()


def test_a_run_of_two_tables_is_done_once(tmp_path):
    tables = ["--table", "table2", "--table", "table5", "--table", "figure2-activations"]
    out = invoke("reproduce", *tables, *CHOICE[2:], "--strategy", "HaLE", *QUICK, "-o", tmp_path)
    assert "Runs: 1, finished: 0, to do: 1" in out
    assert len(read_lines(tmp_path / "results.jsonl")) == 1


def test_seeds(tmp_path):
    invoke("reproduce", *CHOICE, "--strategy", "hale", "--seed", 3, "--seed", 5, *QUICK, "-o", tmp_path)
    lines = read_lines(tmp_path / "results.jsonl")
    assert [line["seed"] for line in lines] == [3, 5]
    assert [line["configuration"]["random_seed"] for line in lines] == [3, 5]


def test_list(tmp_path):
    results = ResultsFolder(tmp_path)
    results.append(make_line(mrr=0.321))
    results.append(make_line(make_cell(strategy="SamNeg"), status="interrupted"))
    shown = invoke("reproduce", *CHOICE, "--list", "-o", tmp_path).splitlines()[2:]
    assert [line.split()[3:] for line in shown] == [
        ["HaLE", "32", "600", "s", "0", "finished", "0.321", "0.471"],
        ["SamNeg", "32", "600", "s", "0", "interrupted", "0.295"],
        ["AdvNeg", "32", "600", "s", "0", "0.295"],
        ["AdvNeg-tuned", "32", "600", "s", "0", "0.295"],
    ]
    assert len(invoke("reproduce", "--list").splitlines()) == 2 + 40 + 60 + 18 + 5 + 6


def test_dry_run(tmp_path):
    ResultsFolder(tmp_path).append(make_line())
    out = invoke("reproduce", *CHOICE, "--dry-run", "-o", tmp_path).splitlines()
    assert out[0] == "Runs: 4, finished: 1, to do: 3 (30.0 min of training)"
    assert out[1:] == [str(make_cell(strategy=strategy)) for strategy in ("SamNeg", "AdvNeg", "AdvNeg-tuned")]
    assert [path.name for path in tmp_path.iterdir()] == ["results.jsonl"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--table", "table9"], "table='table9' is unknown; choose one of ['table2', 'table3'"),
        (["--model", "ConvE"], "model='ConvE' is unknown; choose one of ['TransE', 'DistMult'"),
        (["--dataset", "FB15k"], "dataset='FB15k' is unknown; choose one of ['WN18RR', 'FB15k-237'"),
        (["--strategy", "best"], "strategy='best' is unknown; choose one of ['HaLE', 'SamNeg'"),
        (["--table", "table2", "--seconds", "0"], "'--seconds': seconds=0.0 is not allowed"),
        (["--table", "table2", "--seconds", "soon"], "'--seconds': seconds='soon' is not allowed"),
        (["--table", "table2", "--seed", "-1"], "-1 is not in the range"),
        (["--table", "table2", "--device", "abacus"], "'--device': device='abacus' is unknown to PyTorch"),
        (["--table", "table2", "--dataset", "CoDEx-S"], "No cell is chosen"),
        (["--table", "table2", "--seconds", "1", "--epochs", "1"], "exclude each other"),
        (["--paper", "nature"], "'--paper': paper='nature' is unknown"),
        (["--paper", "hyper", "--table", "table2"], "table='table2' is unknown; choose one of ['results'"),
        ([], "That is everything"),
    ],
)
def test_bad_input(arguments, says, tmp_path):
    assert says in " ".join(invoke("reproduce", *arguments, "-o", tmp_path / "new", code=2).split())
    assert not (tmp_path / "new").exists()


def test_a_failure_does_not_stop_the_others(tmp_path, monkeypatch):
    datasets = iter([OSError("no such data"), Nations(create_inverse_triples=True)])

    def take(name, kwargs):
        dataset = next(datasets)
        if isinstance(dataset, Exception):
            raise dataset
        return dataset

    monkeypatch.setattr(runs, "get_dataset_locked", take)
    out = invoke("reproduce", *CHOICE, "--strategy", "hale", "--strategy", "samneg", *QUICK, "-o", tmp_path, code=1)
    assert "failed: OSError: no such data" in out
    assert [line["status"] for line in read_lines(tmp_path / "results.jsonl")] == ["failed", "finished"]
    assert "Runs: 2, finished: 1, to do: 1" in invoke(
        "reproduce", *CHOICE, "--strategy", "hale", "--strategy", "samneg", *QUICK, "-o", tmp_path, "--dry-run"
    )


def test_training_goes_on_without_a_report(tmp_path, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise RuntimeError("no ink")

    monkeypatch.setattr(session, "write_report", fail)
    invoke("reproduce", *CHOICE, "--strategy", "hale", "--seed", 0, "--seed", 1, *QUICK, "-o", tmp_path)
    assert [line["status"] for line in read_lines(tmp_path / "results.jsonl")] == ["finished"] * 2
    assert "no ink" in caplog.text


def test_one_process_a_folder(tmp_path):
    with FileLock(tmp_path / ".lock"):
        out = invoke("reproduce", *CHOICE, *QUICK, "-o", tmp_path, code=1)
    assert "is in use by another process" in out
    assert not (tmp_path / "results.jsonl").exists()


def test_configurations(tmp_path):
    invoke("reproduce", *CHOICE, "--seed", 0, "--seed", 1, "--seconds", 7, "--configurations", tmp_path)
    paths = sorted(tmp_path.rglob("*.json"))
    names = [f"wn18rr_rotl_{strategy}.json" for strategy in ("advneg-tuned", "advneg", "hale", "samneg")]
    assert [path.relative_to(tmp_path / "table2").as_posix() for path in paths] == names
    pipeline = json.loads(paths[2].read_text())["pipeline"]
    assert pipeline == make_cell(seconds=7.0).configuration()["pipeline"]


def test_pykeen_runs_a_configuration(tmp_path, environment):
    invoke("reproduce", *CHOICE, "--strategy", "hale", "--seconds", 0.1, "--configurations", tmp_path)
    path = tmp_path / "table2" / "wn18rr_rotl_hale.json"
    command = [sys.executable, "-m", "pykeen", "experiments", "run", str(path), "-d", str(tmp_path / "out")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (results,) = tmp_path.glob("out/*/replicates/*/results.json")
    metrics = json.loads(results.read_text())["metrics"]["both"]["realistic"]
    assert 0 < metrics["inverse_harmonic_mean_rank"] <= 1


def test_ctrl_c(tmp_path, environment):
    """What is finished is kept, what was running is marked, and the same command goes on."""
    command = [sys.executable, "-m", "pykeen_conj_hale", "reproduce", *CHOICE, "--strategy", "hale", "--no-pictures"]
    command += ["-o", str(tmp_path / "out"), "--seconds"]
    ResultsFolder(tmp_path / "out").append(make_line())
    file = tmp_path / "out" / "results.jsonl"
    finished = file.read_bytes()
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "60"], env={**environment, "TMPDIR": str(temporary)}, stdout=subprocess.PIPE, stderr=log
        )
        try:
            deadline = time.monotonic() + 120
            # after the first evaluation
            while not list(temporary.glob("pykeen-conj-hale-*/best-model.pt")):
                assert process.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline
                time.sleep(0.1)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 130, (tmp_path / "log").read_text()
    assert "Interrupted" in (tmp_path / "log").read_text()
    assert file.read_bytes().startswith(finished)
    lines = read_lines(file)
    assert [line["status"] for line in lines] == ["finished", "interrupted"]
    assert lines[1]["curve"]
    assert list(temporary.iterdir()) == []
    assert "Runs: 1, finished: 0, to do: 1" in invoke(
        "reproduce", *CHOICE, "--strategy", "hale", "--seconds", 60, "--dry-run", "-o", tmp_path / "out"
    )


def test_report_merges_folders_and_files(tmp_path):
    ResultsFolder(tmp_path / "one").append(make_line(mrr=0.40))
    ResultsFolder(tmp_path / "two").append(make_line(make_cell(seed=1), mrr=0.42))
    path = tmp_path / "committed.jsonl"
    path.write_text(json.dumps(make_line(make_cell(seed=2), mrr=0.47)) + "\nnothing\n")
    out = invoke("report", tmp_path / "one", tmp_path / "two", path, "-o", tmp_path / "new", "--no-pictures")
    assert out == f"{tmp_path / 'new' / 'report.md'}\n"
    assert "| .420 " in (tmp_path / "new" / "report.md").read_text()
    assert path.read_text().endswith("\nnothing\n")
    invoke("report", path, "--no-pictures")
    assert "| .470 " in (tmp_path / "report.md").read_text()


def test_report_of_nothing(tmp_path):
    assert "nothing was run there" in invoke("report", tmp_path, code=2)
    invoke("report", code=2)


def test_a_file_of_something_else_has_no_report(tmp_path):
    (tmp_path / "train.txt").write_text("a\tr\tb\n")
    assert "no line is a result of `reproduce`" in invoke("report", tmp_path / "train.txt", "--no-pictures", code=2)
    assert [path.name for path in tmp_path.iterdir()] == ["train.txt"]


def test_a_report_is_replaced_where_nothing_is_lost(tmp_path):
    mine, other = tmp_path / "mine", tmp_path / "other"
    ResultsFolder(mine).append(make_line(mrr=0.40))
    ResultsFolder(other).append(make_line(make_cell(seed=1), mrr=0.42))
    for _ in range(2):
        invoke("report", mine, "--no-pictures")
    before = (mine / "report.md").read_bytes()
    assert "which is not among the results" in invoke("report", other, "-o", mine, "--no-pictures", code=2)
    assert (mine / "report.md").read_bytes() == before
    invoke("report", other, mine, "-o", mine, "--no-pictures")
    invoke("report", other, "-o", mine, "--no-pictures", "--force")
    assert "| .420 " in (mine / "report.md").read_text()


def test_a_report_of_somebody_else_stays(tmp_path):
    ResultsFolder(tmp_path).append(make_line())
    (tmp_path / "report.md").write_text("My own notes.")
    assert "was not written by `report`" in invoke("report", tmp_path, "--no-pictures", code=2)
    assert "is an input, too" in invoke("report", tmp_path / "report.md", "--no-pictures", "--force", code=2)
    assert (tmp_path / "report.md").read_text() == "My own notes."


def test_a_report_is_not_replaced_by_an_empty_one(tmp_path):
    results = ResultsFolder(tmp_path)
    results.append(make_line())
    invoke("report", tmp_path, "--no-pictures")
    results.file.write_bytes(results.file.read_bytes()[:100])
    assert "without any finished run" in invoke("report", tmp_path, "--no-pictures", code=2)
    assert "| .400 " in (tmp_path / "report.md").read_text()


def test_a_report_of_a_broken_line(tmp_path, caplog):
    """A line of the right form with a number that is a text: named, and the others reported."""
    results = ResultsFolder(tmp_path)
    results.append(make_line(make_cell(seed=1), test={"mrr": "0.4", "hits@1": 0.1, "hits@10": 0.2}))
    results.append(make_line(mrr=0.40))
    invoke("report", tmp_path, "--no-pictures")
    assert "results.jsonl, line 1 is skipped: test are missing or of another type" in caplog.text
    assert "| .400 " in (tmp_path / "report.md").read_text()


def test_configurations_that_were_changed_stay(tmp_path):
    arguments = ("reproduce", *CHOICE, "--configurations", tmp_path)
    invoke(*arguments)
    invoke(*arguments)
    path = tmp_path / "table2" / "wn18rr_rotl_hale.json"
    path.write_text("{}")
    assert "1 files, of which the first is" in invoke(*arguments, code=2)
    assert path.read_text() == "{}"
    invoke(*arguments, "--force")
    assert path.read_text() != "{}"
