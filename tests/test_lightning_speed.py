"""Seconds and triples of training alone, by a clock that the test sets."""

import pytest

from pykeen_conj_hale.training import Stopwatch
from pykeen_conj_hale.training.lightning import speed as module
from pykeen_conj_hale.training.lightning.speed import TrainingSpeed


@pytest.fixture
def now(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(module, "Stopwatch", lambda: Stopwatch(lambda: now[0]))
    return now


def test_pauses_are_not_counted(now):
    speed = TrainingSpeed()
    now[0] += 5
    assert speed.seconds == 0
    speed.start_epoch()
    assert speed.triples_per_second() is None
    now[0] += 2
    speed.add(30)
    speed.pause()
    now[0] += 100
    speed.run()
    now[0] += 4
    speed.add(30)
    assert speed.seconds == 6
    assert speed.triples_per_second() == 10


def test_each_epoch_has_a_speed_of_its_own(now):
    speed = TrainingSpeed()
    for num_triples, seconds in ((10, 2), (12, 4)):
        speed.start_epoch()
        speed.add(num_triples)
        now[0] += seconds
        assert speed.triples_per_second() == num_triples / seconds
    assert speed.seconds == 6


def test_going_on_from_a_checkpoint(now):
    speed = TrainingSpeed()
    speed.reset(50.0)
    assert speed.seconds == 50
    speed.run()  # in the middle of an epoch
    speed.add(8)
    now[0] += 2
    assert speed.seconds == 52
    assert speed.triples_per_second() == 4
