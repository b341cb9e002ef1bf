"""Messages that are said once."""

import logging

import pytest

from pykeen_conj_hale.messages import Once, OncePerTraining

logger = logging.getLogger(__name__)


@pytest.mark.parametrize("cls", [Once, OncePerTraining])
def test_once(cls, caplog):
    once = cls(logger)
    for _ in range(2):
        once.warning("%s is slow", "RotL")
        once.warning("%s is slow", "RotE")
    assert [record.getMessage() for record in caplog.records] == ["RotL is slow", "RotE is slow"]
    cls(logger).warning("%s is slow", "RotL")
    assert len(caplog.records) == 3


def test_a_key_tells_messages_apart(caplog):
    once = Once(logger)
    for number in range(3):
        once.warning("the %dth time", number, key="time")
    assert [record.getMessage() for record in caplog.records] == ["the 0th time"]


def test_one_process_of_several_says_it(monkeypatch, caplog):
    from torch import distributed

    monkeypatch.setattr(distributed, "is_initialized", lambda: True)
    for rank, expected in ((1, 0), (0, 1)):
        monkeypatch.setattr(distributed, "get_rank", lambda rank=rank: rank)
        OncePerTraining(logger).warning("slow")
        assert len(caplog.records) == expected
