"""Seconds in words and numbers, the stopwatch, the budget."""

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.training import Stopwatch, TimeBudget
from pykeen_conj_hale.training.budget.clock import parse_seconds


class Clock:
    """A clock which the test moves."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (0, 0.0),
        (600, 600.0),
        (0.5, 0.5),
        (np.float32(0.5), 0.5),
        (np.int64(3), 3.0),
        (timedelta(minutes=10), 600.0),
        ("00:10:00", 600.0),
        ("100:00:00", 360_000.0),
        ("01:02:03.25", 3723.25),
    ],
)
def test_what_stands_for_seconds(value, seconds):
    assert TimeBudget(value).seconds == seconds


@given(st.timedeltas(min_value=timedelta(0)))
def test_a_timedelta_and_its_text_are_the_same(value):
    minutes, seconds = divmod(value.total_seconds(), 60)
    text = f"{int(minutes) // 60:02}:{int(minutes) % 60:02}:{seconds:09.6f}"
    if not text.endswith("60.000000"):
        assert parse_seconds("time_budget", text) == pytest.approx(value.total_seconds(), abs=1e-3)


@pytest.mark.parametrize(
    "value",
    [
        -1,
        -0.5,
        math.nan,
        math.inf,
        -math.inf,
        "10",
        "10:00",
        "00:60:00",
        "00:00:60",
        "-00:00:10",
        "",
        "soon",
        None,
        True,
        [1],
        timedelta(seconds=-1),
    ],
)
def test_what_does_not(value):
    with pytest.raises(ValueError, match=r'^time_budget=.* finite number of seconds ≥ 0.*"HH:MM:SS"'):
        TimeBudget(value)


def test_zero_where_it_has_to_be_positive():
    with pytest.raises(ValueError, match=r"seconds=0 .* > 0"):
        parse_seconds("seconds", 0, positive=True)


def test_one_phase_at_a_time(clock):
    watch = Stopwatch(clock)
    clock.now += 5
    assert watch.seconds == {}
    with watch.phase("set-up"):
        clock.now += 1
        with watch.phase("training"):
            clock.now += 2
            with watch.phase("evaluation"):
                clock.now += 4
                assert watch.seconds == {"set-up": 1, "training": 2, "evaluation": 4}
            clock.now += 8
        clock.now += 16
    clock.now += 100
    assert watch.seconds == {"set-up": 17, "training": 10, "evaluation": 4}


def test_a_phase_ends_with_an_error_too(clock):
    watch = Stopwatch(clock)

    def work():
        with watch.phase("training"):
            clock.now += 2
            raise KeyError

    with pytest.raises(KeyError):
        work()
    clock.now += 2
    assert watch.seconds == {"training": 2}


def test_only_training_spends(clock):
    budget = TimeBudget(10, clock=clock)
    clock.now += 5
    with budget.stopwatch.phase("evaluation"):
        clock.now += 50
    assert budget.elapsed == 0
    with budget.stopwatch.phase("training"):
        clock.now += 4
        assert budget.elapsed == 4
        assert not budget.is_spent
        clock.now += 6
        assert budget.is_spent
    assert repr(budget) == "TimeBudget(seconds=10, elapsed=10.000)"
    budget.stopwatch.reset({"training": 3.0})
    assert budget.elapsed == 3


def test_resetting_keeps_the_running_phase(clock):
    watch = Stopwatch(clock)
    with watch.phase("set-up"):
        clock.now += 7
        watch.reset({"training": 3.0})
        clock.now += 1
    assert watch.seconds == {"training": 3.0, "set-up": 1.0}
