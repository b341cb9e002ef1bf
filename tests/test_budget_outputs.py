"""The files of a run: fit and held before the first step, and what happens if the disk is full later."""

import errno
import os
from pathlib import Path

import pytest
import torch
from budget_runs import LOOPS, Clock, Tick, Worsening, early_stopper, make_loop, nations
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale import locks
from pykeen_conj_hale.locks import FileInUseError, only_writer
from pykeen_conj_hale.training import BudgetedSymmetricLCWATrainingLoop, QuerySamplingTrainingLoop, TimedStopper
from pykeen_conj_hale.training.budget import loop_run, tensor_file
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint

FACTORY = nations()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    monkeypatch.setattr(locks, "WAIT_SECONDS", 0.1)


def timed(loop, path=None, **kwargs):
    return TimedStopper(
        model=loop.model,
        evaluator=Worsening(),
        training_triples_factory=FACTORY,
        evaluation_triples_factory=FACTORY,
        best_model_path=path,
        **kwargs,
    )


def train(seconds=9, cls=QuerySamplingTrainingLoop, callbacks=(), stopper=None, **kwargs):
    clock = Clock()
    loop = make_loop(cls, FACTORY, seconds, clock)
    tick = Tick(clock)
    arguments = {"batch_size": 512, "use_tqdm": False, "stopper": None if stopper is None else stopper(loop), **kwargs}
    try:
        loop.train(FACTORY, callbacks=[tick, *callbacks], **arguments)
    finally:
        loop.steps = tick.steps
    return loop


class Then(TrainingCallback):
    """Does something in the third step."""

    def __init__(self, action):
        super().__init__()
        self.action, self.steps, self.error = action, 0, None

    def post_batch(self, **kwargs):
        self.steps += 1
        if self.steps == 3:
            try:
                self.action()
            except OSError as error:
                self.error = error


@pytest.mark.parametrize("cls", [cls for cls in LOOPS if cls is not BudgetedSymmetricLCWATrainingLoop])
def test_a_second_run_with_the_same_checkpoint_does_no_step(cls, tmp_path):
    files = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 1}
    second = Then(lambda: train(cls=cls, **files))
    loop = train(cls=cls, callbacks=[second], **files)
    assert isinstance(second.error, FileInUseError)
    assert f"checkpoint='{tmp_path / 'c'}' is in use by process {os.getpid()} on " in str(second.error)
    assert load_checkpoint(tmp_path / "c")["steps"] == loop.num_steps == 9


def test_two_runs_do_not_share_a_best_model(tmp_path):
    kwargs = {"stopper": lambda loop: timed(loop, tmp_path / "best", seconds=2)}
    second = Then(lambda: train(**kwargs))
    train(callbacks=[second], **kwargs)
    assert "best_model_path='" in str(second.error)
    assert isinstance(second.error, FileInUseError)
    train(**kwargs)  # free again


def test_a_run_continues_after_a_refusal(tmp_path):
    """Nothing has changed in the loop that was refused."""
    clock = Clock()
    loop = make_loop(QuerySamplingTrainingLoop, FACTORY, 9, clock)
    arguments = {"batch_size": 512, "use_tqdm": False, "callbacks": Tick(clock)}
    loop.train(FACTORY, **arguments)
    loop.time_budget.seconds = 12
    with only_writer(tmp_path / "c"), pytest.raises(FileInUseError):
        loop.train(FACTORY, continue_training=True, checkpoint=tmp_path / "c", **arguments)
    assert (loop.num_steps, len(loop.losses_per_epochs)) == (9, 2)
    loop.train(FACTORY, continue_training=True, **arguments)
    assert (loop.num_steps, len(loop.losses_per_epochs)) == (12, 2)


def file_in_the_way(folder):
    (folder / "file").touch()
    return folder / "file" / "best"


def pipe(folder):
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


@pytest.mark.parametrize("make", [lambda folder: folder, file_in_the_way, pipe])
@pytest.mark.parametrize("argument", ["checkpoint", "best_model_path", "best_model_path of PyKEEN's stopper"])
@pytest.mark.parametrize("resumed", [False, True])
def test_a_place_that_cannot_be_written_is_found_before_the_first_step(make, argument, resumed, tmp_path):
    path = make(tmp_path)
    kwargs = {"checkpoint": tmp_path / "c"} if resumed else {}
    if resumed:
        train(seconds=3, **kwargs)
    if argument == "checkpoint":
        kwargs["checkpoint"] = path
    elif argument == "best_model_path":
        kwargs["stopper"] = lambda loop: timed(loop, path)
    else:
        kwargs["stopper"] = lambda loop: early_stopper(loop, FACTORY, path)
    tick = Then(lambda: pytest.fail("a step was done"))
    tick.steps = 2
    with pytest.raises(OSError, match=rf"{argument.split()[0]}='.*' (is a folder|cannot be written|is no regular)"):
        train(callbacks=[tick], **kwargs)


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "there")
    train(checkpoint=tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert train(seconds=12, checkpoint=tmp_path / "there").steps == 3


def test_what_is_left_beside_a_checkpoint_is_hidden(tmp_path):
    train(checkpoint=tmp_path / "c", checkpoint_seconds=1)
    assert [name for name in os.listdir(tmp_path) if not name.startswith(".")] == ["c"]


def fill_disk(monkeypatch, after, only=""):
    """Let no file be written once so many were."""
    real, written = tensor_file.replacing, []

    def replacing(path):
        if only in Path(path).name:
            written.append(path)
            if len(written) > after:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path)

    monkeypatch.setattr(tensor_file, "replacing", replacing)
    return written


@pytest.mark.parametrize("cls", LOOPS)
def test_a_disk_that_fills_up_loses_no_training(cls, tmp_path, monkeypatch, caplog):
    """Checkpoints at the steps 0, 2 and 4 are written, none after them; the last one stays readable."""
    whole = train(cls=cls)
    fill_disk(monkeypatch, after=3)
    loop = train(cls=cls, checkpoint=tmp_path / "c", checkpoint_seconds=2)
    assert (loop.num_steps, loop.stop_reason) == (9, "budget")
    for name, value in whole.model.state_dict().items():
        assert torch.equal(value, loop.model.state_dict()[name])
    assert load_checkpoint(tmp_path / "c")["steps"] == 4
    said = [record.getMessage() for record in caplog.records if record.name == loop_run.__name__]
    assert [text.split(":")[0] for text in said if text.startswith("No checkpoint after")] == [
        f"No checkpoint after {steps} steps, the training goes on without" for steps in (6, 8, 9)
    ]
    assert "No space left on device: '" in said[-2]


def test_a_disk_that_is_full_at_once_stops_before_the_first_step(tmp_path, monkeypatch):
    fill_disk(monkeypatch, after=0)
    tick = Then(lambda: pytest.fail("a step was done"))
    tick.steps = 2
    with pytest.raises(OSError, match="No space left on device"):
        train(callbacks=[tick], checkpoint=tmp_path / "c")


@pytest.mark.parametrize("checkpoint", [True, False])
def test_the_best_model_survives_a_full_disk(checkpoint, tmp_path, monkeypatch, caplog):
    """It is the first one of three, and stays in memory until the end, and in the checkpoint."""
    fill_disk(monkeypatch, after=0, only="best")
    stoppers = []
    files = {"checkpoint": tmp_path / "c", "checkpoint_seconds": 1} if checkpoint else {}
    make = lambda loop: stoppers.append(timed(loop, tmp_path / "best", seconds=3)) or stoppers[-1]  # noqa: E731
    loop = train(seconds=8, stopper=make, **files)
    assert "The best model so far is kept in memory only" in caplog.text
    assert stoppers[0].best_epoch == 1
    for name, value in loop.model.state_dict().items():
        assert torch.equal(value, stoppers[0].evaluator.seen[0][name])
    if checkpoint:
        kept = load_checkpoint(tmp_path / "c")["best_model"]
        for name, value in kept.items():
            assert torch.equal(value, stoppers[0].evaluator.seen[0][name])
