"""Wrong and odd arguments over the public interface: none is taken silently for another; and the judge itself."""

import collections
import math
import os

import numpy as np
import pytest
from bad_input_calls import list_calls
from bad_inputs import Call, draw, fits, is_in_bounds, judge


def judge_many(number, seed):
    with list_calls() as calls:
        return [judge(*one) for one in draw(calls, number, seed)]


@pytest.mark.parametrize(
    ("number", "seed"),
    [(150, int(os.environ.get("BAD_INPUTS_SEED", "1"))), pytest.param(2000, 2, marks=pytest.mark.slow)],
)
def test_nothing_is_silently_wrong(number, seed):
    outcomes = judge_many(number, seed)
    assert [outcome for outcome in outcomes if outcome.kind in {"junk", "nonsense"}] == []
    counts = collections.Counter(outcome.kind for outcome in outcomes)
    # what is left are errors of PyKEEN, PyTorch and the system that name one of the two only
    assert counts["unclear"] < 0.05 * number, [outcome for outcome in outcomes if outcome.kind == "unclear"]


@pytest.mark.slow
def test_the_calls_work():
    with list_calls() as calls:
        names = [call.name for call in calls]
        assert len(names) == len(set(names))
        for call in calls:
            assert call.arguments
            if not call.name.startswith(("commands", "data: load", "text: Cooccurrence.load")):
                call.run()


def check_margin(margin):
    if margin == "clear":
        raise ValueError(f"margin={margin!r} is not allowed.")
    if margin == "unclear":
        raise TypeError("must be real number, not str")
    return math.nan if margin == 2.0 else margin


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (1.0, "works"),
        (2.0, "nonsense"),
        ("clear", "clear"),
        ("unclear", "unclear"),
        ("3", "junk"),
        (-1.0, "junk"),
        (True, "junk"),
    ],
)
def test_the_judge(value, kind):
    call = Call("a call", lambda margin: check_margin(margin), {"margin": (float, "the margin γ, ≥ 0")})
    assert judge(call, "margin", value).kind == kind


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        (True, int, False), (np.int64(2), int, True), (2.0, int, False), (2, float, True), (math.nan, float, False),
        (np.bool_(True), bool, True), (1, bool, False), ("true", bool, False), (None, int | None, True),
        ("a", collections.abc.Sequence, False), (["a"], collections.abc.Sequence[str], True), ("a", list | str, True),
    ],
)  # fmt: skip
def test_fits(value, annotation, expected):
    assert fits(value, annotation) == expected


@pytest.mark.parametrize(
    ("value", "text", "expected"),
    [
        (0, "a weight λ > 0", False),
        (0, "≥ 0", True),
        (1, "a share in (0, 1]", True),
        (1, "in [0, 1)", False),
        (0.5, "for x ≥ 1, > 0", True),
    ],
)
def test_bounds(value, text, expected):
    assert is_in_bounds(value, text) == expected
