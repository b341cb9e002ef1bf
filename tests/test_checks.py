"""Checks of arguments: whatever the value is, it is taken as it is meant, or the error names argument and value."""

import fractions
import math
import re

import numpy as np
import pykeen.cli
import pytest
from class_resolver import ClassResolver
from hypothesis import given
from hypothesis import strategies as st
from pykeen.datasets import dataset_resolver
from pykeen.losses import loss_resolver
from pykeen.models import model_resolver
from pykeen.nn import representation_resolver

from pykeen_conj_hale.checks import (
    LISTING,
    check_bool,
    check_choice,
    check_number,
    check_seed,
    check_whole,
    look_up,
    resolve,
)

NUMPYS = [np.float16, np.float32, np.float64, np.int8, np.int64, np.uint32]
#: What is none of numbers, strings and booleans
OTHERS = [None, [], [1.0], {}, {"a": 1}, (), np.zeros(2), np.zeros((0,)), object(), 1j, b"1", float, math.nan]


class Animal:
    """What a resolver knows."""


class Cat(Animal):
    """One."""


class Dog(Animal):
    """Another one, the default."""


animals = ClassResolver([Cat, Dog], base=Animal, default=Dog)


@given(st.floats(allow_nan=True) | st.integers() | st.fractions())
def test_numbers(value):
    # too large a number is as little allowed as an infinite one
    is_allowed = isinstance(value, fractions.Fraction) or math.isfinite(value)
    if is_allowed and abs(value) <= 1e300 and value > 2:
        assert check_number("x", value, above=2) == float(value)
    elif not is_allowed or value <= 2 or value > 1e309:
        with pytest.raises(ValueError, match=r"^x=.* is not allowed: it must be a finite number > 2\.$"):
            check_number("x", value, above=2)


@pytest.mark.parametrize("value", [10**400, -(10**400)])
def test_numbers_that_no_float_can_hold(value):
    with pytest.raises(ValueError, match="is not allowed: it must be a finite number"):
        check_number("x", value)


@pytest.mark.parametrize("number", NUMPYS)
def test_numpys_scalars_are_numbers(number):
    found = check_number("x", number(3), minimum=3)
    assert (type(found), found) == (float, 3.0)
    if issubclass(number, np.integer):
        whole = check_whole("x", number(3))
        assert (type(whole), whole) == (int, 3)
    else:
        with pytest.raises(ValueError, match="it must be a whole number"):
            check_whole("x", number(3))


@given(st.integers())
def test_whole_numbers(value):
    if 1 <= value <= 7:
        assert check_whole("x", value, maximum=7) == value
    else:
        with pytest.raises(ValueError, match=rf"^x={value} is not allowed: it must be a whole number in \[1, 7\]\.$"):
            check_whole("x", value, maximum=7)


@pytest.mark.parametrize("value", [True, False, np.True_, np.False_])
def test_booleans(value):
    assert check_bool("x", value) is bool(value)
    for check in (check_number, check_whole):
        with pytest.raises(ValueError, match="is not allowed"):
            check("x", value)


@given(st.text() | st.integers() | st.floats() | st.sampled_from(OTHERS))
def test_nothing_else_is_a_boolean(value):
    with pytest.raises(ValueError, match=r"(?s)^x=.* is not allowed: it must be True or False\.$"):
        check_bool("x", value)


@given(st.text() | st.sampled_from(OTHERS))
def test_neither_strings_nor_anything_else_are_numbers(value):
    for check in (check_number, check_whole):
        with pytest.raises(ValueError, match=r"(?s)^x=.* is not allowed: it must be a "):
            check("x", value)


@given(st.text() | st.booleans() | st.integers() | st.sampled_from(OTHERS))
def test_choices(value):
    choices = ["a", "b", 1]
    if type(value) is not bool and isinstance(value, str | int) and value in choices:
        assert check_choice("x", value, choices) == value
    elif value is not True:
        with pytest.raises(ValueError, match=r"(?s)^x=.* is unknown; choose one of \['a', 'b', 1\]\.$"):
            check_choice("x", value, choices)
    assert check_choice("x", np.str_("b"), choices) == "b"


@given(st.text(alphabet="catdog ", max_size=4) | st.integers() | st.sampled_from(OTHERS[1:]))
def test_names(value):
    if isinstance(value, str) and animals.normalize(value) in ("cat", "dog"):
        assert type(resolve(animals, "pet", value, default="dog")) is look_up(animals, "pet", value)
    else:
        for find in (look_up, lambda *arguments: resolve(*arguments, default="dog")):
            with pytest.raises(ValueError, match=r"(?s)^pet=.* is unknown; choose one of \['cat', 'dog'\]\.$"):
                find(animals, "pet", value)


@pytest.mark.parametrize(
    ("resolver", "argument", "query", "suggested", "listed"),
    [
        (model_resolver, "model", "ConjComplx", "did you mean 'conjcomplex'", "`pykeen ls models` lists all."),
        (model_resolver, "base", 3, "no name looks like it", "`pykeen ls models` lists all."),
        (loss_resolver, "loss", "halee", "did you mean 'hale'", "`pykeen ls losses` lists all."),
        (dataset_resolver, "dataset", "nation", "did you mean 'nations'", "`pykeen ls datasets` lists all."),
        (representation_resolver, "representation", "word_bags", "'wordbag'", "Representation's resolver are all."),
    ],
)
def test_of_many_names_those_that_look_alike(resolver, argument, query, suggested, listed):
    with pytest.raises(ValueError, match=f"^{argument}=.* is unknown: ") as error:
        look_up(resolver, argument, query)
    text = str(error.value)
    assert suggested in text
    assert text.endswith(listed)
    assert len(text) < 200


def test_pykeen_lists_what_an_error_says_that_it_lists():
    assert set(LISTING.values()) <= set(pykeen.cli.ls.commands)
    bases = {resolver.base.__name__ for resolver in (model_resolver, loss_resolver, dataset_resolver)}
    assert bases <= set(LISTING)


def test_none_is_the_default_that_the_caller_names():
    """It is not the resolver's, which another argument may have."""
    assert type(resolve(animals, "pet", None, default="cat")) is Cat
    assert look_up(animals, "pet", None) is Dog


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


@pytest.mark.parametrize("seed", [-1, 2**32, 0.0, True, None])
def test_no_seeds(seed):
    with pytest.raises(ValueError, match="seed="):
        check_seed("seed", seed)


def test_seeds():
    assert [check_seed("seed", seed) for seed in (0, 2**32 - 1)] == [0, 2**32 - 1]
