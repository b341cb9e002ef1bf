"""Checks of arguments: what passes, what does not, and what the errors say."""

import math
import re

import numpy as np
import pytest
from class_resolver import ClassResolver
from hypothesis import given
from hypothesis import strategies as st

from pykeen_conj_hale.checks import check_choice, check_number, check_whole, look_up, resolve


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(-10, 10), st.floats(-10, 10))
def test_a_number_passes_if_it_is_in_the_interval(value, low, high):
    for kwargs, is_in in (
        ({"above": low, "below": high}, low < value < high),
        ({"minimum": low, "maximum": high}, low <= value <= high),
        ({"above": low, "maximum": high}, low < value <= high),
        ({"minimum": low}, low <= value),
        ({}, True),
    ):
        if is_in:
            assert check_number("x", value, **kwargs) == value
        else:
            with pytest.raises(ValueError, match=re.escape(f"x={value!r} is not allowed")):
                check_number("x", value, **kwargs)


@pytest.mark.parametrize("value", [np.float32(0.5), np.int64(2), 3, 0.25])
def test_numbers_of_other_libraries_are_numbers(value):
    assert check_number("x", value, above=0) == float(value)
    assert type(check_number("x", value)) is float


@pytest.mark.parametrize("value", [True, np.True_, "1", None, math.nan, math.inf, -math.inf, [1], 1j])
def test_what_is_no_number(value):
    with pytest.raises(ValueError, match="must be a finite number"):
        check_number("x", value)


@pytest.mark.parametrize(
    ("kwargs", "text"),
    [
        ({"above": 0}, "must be a finite number > 0."),
        ({"minimum": 0}, "must be a finite number ≥ 0."),
        ({"maximum": 1}, "must be a finite number ≤ 1."),
        ({"below": 1}, "must be a finite number < 1."),
        ({"above": 0, "maximum": 1}, "must be a finite number in (0, 1]."),
        ({"minimum": 0, "below": 1}, "must be a finite number in [0, 1)."),
        ({}, "must be a finite number."),
    ],
)
def test_errors_name_the_interval(kwargs, text):
    with pytest.raises(ValueError, match=re.escape(f"rate='a' is not allowed: it {text}")):
        check_number("rate", "a", **kwargs)


@pytest.mark.parametrize(("value", "expected"), [(1, 1), (np.int32(7), 7)])
def test_whole_numbers(value, expected):
    assert check_whole("n", value) == expected
    assert type(check_whole("n", value)) is int


@pytest.mark.parametrize("value", [0, -1, 1.0, True, "1", None, np.float64(2)])
def test_what_is_no_whole_number(value):
    with pytest.raises(ValueError, match=re.escape(f"n={value!r} is not allowed: it must be a whole number ≥ 1.")):
        check_whole("n", value)


def test_whole_numbers_in_an_interval():
    assert check_whole("n", 0, minimum=0, maximum=3) == 0
    with pytest.raises(ValueError, match=re.escape("n=4 is not allowed: it must be a whole number in [0, 3].")):
        check_whole("n", 4, minimum=0, maximum=3)


def test_choices():
    assert check_choice("kind", "a", ("a", "b")) == "a"
    with pytest.raises(ValueError, match=re.escape("kind='c' is unknown; choose one of ['a', 'b'].")):
        check_choice("kind", "c", ("a", "b"))


class Base:
    pass


class Small(Base):
    pass


class Large(Base):
    pass


def test_names():
    resolver = ClassResolver([Small, Large], base=Base, default=Small)
    assert look_up(resolver, "size", "large") is Large
    assert look_up(resolver, "size", None) is Small
    one = Large()
    assert resolve(resolver, "size", one) is one
    assert type(resolve(resolver, "size", "small")) is Small
    for function in (look_up, resolve):
        with pytest.raises(ValueError, match=re.escape("size='huge' is unknown; choose one of ['large', 'small'].")):
            function(resolver, "size", "huge")
