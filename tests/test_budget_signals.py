"""Signals that announce the end: the training ends as by its budget, and handlers are put back."""

import logging
import os
import signal
import threading

import pytest
import torch
from pykeen.datasets import Nations
from pykeen.models import DistMult
from pykeen.training.callbacks import TrainingCallback

from pykeen_conj_hale.training import BudgetedLCWATrainingLoop
from pykeen_conj_hale.training.budget.checkpoint import load_checkpoint
from pykeen_conj_hale.training.budget.signals import SIGNALS, Interruption, on_signal


class Kill(TrainingCallback):
    """Sends a signal in the third step."""

    def __init__(self, number):
        super().__init__()
        self.number, self.steps, self.trained = number, 0, []

    def post_batch(self, **kwargs):
        self.steps += 1
        if self.steps == 3:
            os.kill(os.getpid(), self.number)

    def post_train(self, losses, **kwargs):
        self.trained.append(list(losses))


@pytest.fixture(autouse=True)
def ctrl_c():
    """Ctrl-C as in a program in the foreground: a shell starts those in the background with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def make(**kwargs):
    factory = Nations(create_inverse_triples=True).training
    model = DistMult(triples_factory=factory, embedding_dim=4, random_seed=0)
    return BudgetedLCWATrainingLoop(model=model, triples_factory=factory, optimizer="Adam", **kwargs), factory


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("budget", [None, 600])
def test_a_signal_ends_the_training_like_a_budget(number, budget, tmp_path, caplog):
    before = [signal.getsignal(n) for n in SIGNALS]
    loop, factory = make(stop_on_signal=True, time_budget=budget)
    kill = Kill(number)
    losses = loop.train(
        factory, num_epochs=100, batch_size=64, callbacks=kill, use_tqdm=False, checkpoint=tmp_path / "checkpoint"
    )
    assert (kill.steps, loop.num_steps, loop.stop_reason, len(losses)) == (3, 3, "budget", 1)
    assert kill.trained == [losses]
    assert (tmp_path / "checkpoint").is_file()
    assert f"{signal.Signals(number).name}: the training ends" in caplog.text
    assert [signal.getsignal(n) for n in SIGNALS] == before


def test_only_on_request():
    def handler(number, frame):
        handler.called = True

    loop, factory = make()
    before = signal.signal(signal.SIGUSR1, handler)
    try:
        loop.train(factory, num_epochs=1, batch_size=64, callbacks=Kill(signal.SIGUSR1), use_tqdm=False)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert handler.called
    assert loop.stop_reason == "epochs"


def test_handlers_are_put_back_after_an_error():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyError), on_signal(print):
        raise KeyError
    assert signal.getsignal(signal.SIGTERM) == before


def test_another_thread(caplog):
    def run():
        with on_signal(print):
            ran.append(True)

    ran = []
    with caplog.at_level(logging.WARNING):
        thread = threading.Thread(target=run)
        thread.start()
        thread.join()
    assert ran
    assert "SIGTERM, SIGUSR1 cannot be handled" in caplog.text


def test_a_child_process_dies_of_them():
    """Workers of a data loader inherit the handlers."""
    seen = []
    with on_signal(seen.append):
        pid = os.fork()
        if pid == 0:
            os.kill(os.getpid(), signal.SIGTERM)
            os._exit(0)
        _, status = os.waitpid(pid, 0)
    assert os.WTERMSIG(status) == signal.SIGTERM
    assert seen == []


def train_until_ctrl_c(path, **kwargs):
    """Train with Ctrl-C in the third step."""
    loop, factory = make(**kwargs)
    kill = Kill(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        loop.train(factory, num_epochs=100, batch_size=64, callbacks=kill, use_tqdm=False, checkpoint=path)
    return loop, kill


@pytest.mark.parametrize("stop_on_signal", [False, True])
@pytest.mark.parametrize("budget", [None, 600])
def test_ctrl_c_leaves_a_checkpoint(stop_on_signal, budget, tmp_path):
    """It ends the training like SIGTERM, and raises then; what goes on is the uninterrupted training."""
    before = signal.getsignal(signal.SIGINT)
    loop, kill = train_until_ctrl_c(tmp_path / "c", stop_on_signal=stop_on_signal, time_budget=budget)
    assert (loop.num_steps, loop.stop_reason, kill.trained) == (3, "budget", [loop.losses_per_epochs])
    assert signal.getsignal(signal.SIGINT) is before
    assert load_checkpoint(tmp_path / "c")["steps"] == 3


def test_going_on_after_ctrl_c(tmp_path):
    train_until_ctrl_c(tmp_path / "c")
    runs = []
    for files in ({"checkpoint": tmp_path / "c"}, {}):
        torch.manual_seed(0)
        loop, factory = make()
        runs.append((loop.train(factory, num_epochs=2, batch_size=64, use_tqdm=False, **files), loop.num_steps))
    assert runs[0][1] == runs[1][1]
    assert len(runs[0][0]) == len(runs[1][0]) == 2


def test_ctrl_c_twice_is_at_once(tmp_path):
    loop, factory = make()
    train = {"num_epochs": 9, "batch_size": 64, "use_tqdm": False, "checkpoint": tmp_path / "c"}
    with pytest.raises(KeyboardInterrupt):
        loop.train(factory, callbacks=[Kill(signal.SIGINT), Again()], **train)
    assert loop.num_steps == 2
    assert load_checkpoint(tmp_path / "c")["steps"] == 0


class Again(TrainingCallback):
    """Sends a second Ctrl-C in the third step."""

    steps = 0

    def post_batch(self, **kwargs):
        self.steps += 1
        if self.steps == 3:
            os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_without_checkpoints_is_as_ever():
    loop, factory = make()
    with pytest.raises(KeyboardInterrupt):
        loop.train(factory, num_epochs=100, batch_size=64, callbacks=Kill(signal.SIGINT), use_tqdm=False)
    assert loop.num_steps == 2


def test_a_handler_of_somebody_else_stays(tmp_path):
    """A program that handles Ctrl-C itself goes on to do so; one that ignores it is not stopped."""
    seen = []
    loop, factory = make()
    train = {"num_epochs": 1, "batch_size": 64, "use_tqdm": False, "checkpoint": tmp_path / "c"}
    before = signal.signal(signal.SIGINT, lambda number, frame: seen.append(number))
    try:
        assert not Interruption.is_possible()
        loop.train(factory, callbacks=Kill(signal.SIGINT), **train)
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [signal.SIGINT]
    assert loop.stop_reason == "epochs"


def test_in_another_thread_nothing_is_handled_nor_said(tmp_path, caplog):
    loop, factory = make()
    train = {"num_epochs": 1, "batch_size": 64, "use_tqdm": False, "checkpoint": tmp_path / "c"}
    thread = threading.Thread(target=lambda: loop.train(factory, **train))
    thread.start()
    thread.join()
    assert loop.stop_reason == "epochs"
    assert "SIGINT" not in caplog.text
