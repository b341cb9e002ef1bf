"""Draw wrong and odd arguments for all of the public interface, and judge what comes of each.

python tests/bad_inputs.py --number 10000 --seed 0 --out bad_inputs.json      counts, and each kind of what is not right
python tests/bad_inputs.py --only models                                      one part of the interface

Each draw replaces one argument of a call that works. What comes of it is one of these:

- ``works``: it runs, and the value fits what the signature and its documentation allow
- ``clear``: an error names the argument and the value
- ``unclear``: another error
- ``junk``: it runs with a value that the signature, or the bounds in its documentation, exclude
- ``nonsense``: it runs with an allowed value, and what comes out is not finite
- ``too large``: it needs more memory or time than this program grants
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import datetime
import fractions
import io
import itertools
import json
import logging
import math
import numbers
import pathlib
import random
import re
import resource
import signal
import sys
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

#: Values of every kind that somebody may give, by mistake or from a configuration
VALUES: Sequence[Any] = (
    None, True, False, 0, 1, 2, 3, -1, -5, 7, 10**9, 10**30, 0.0, 0.1, 0.5, 1.0, 1.5, 2.5, -0.5, 1e-320, 1e300,
    math.nan, math.inf, -math.inf, "", " ", "x", "1", "0.5", "true", "false", "None", "nan", "é", "\0", b"x", b"",
    (), [], [1], [0.5], ["x"], [None], {}, {"a": 1}, {"x"}, object(), object, len, lambda *args: None, 1j,
    np.float64(0.5), np.float32("nan"), np.int64(2), np.bool_(True), np.array([1.0, 2.0]), np.array(1),
    torch.tensor(0.5), torch.tensor([1, 2]), torch.tensor(True), fractions.Fraction(1, 2), pathlib.Path("nowhere"),
    datetime.timedelta(seconds=1), datetime.timedelta(0), "00:00:01", "00:00", range(3), ValueError("x"), torch.float16,
)  # fmt: skip


#: The bytes that a call may take
MEMORY = 12 * 2**30


class Call(NamedTuple):
    """A call that works, of which one argument is replaced."""

    #: The part of the interface, and what is called, e.g. ``"models: RotE"``
    name: str
    #: Gets all arguments; returns a number or tensor that has to be finite, or anything else
    run: Callable[..., Any]
    #: The arguments that may be replaced, with their type and the documentation of their bounds
    arguments: Mapping[str, tuple[Any, str]]


class Outcome(NamedTuple):
    """What came of a call."""

    kind: str
    call: str
    argument: str
    value: str
    message: str


def describe_arguments(function: Any, *, only: Sequence[str] = (), leave_out: Sequence[str] = ()) -> dict[str, Any]:
    """List the keyword arguments of a function with their types, and what its documentation says of each.

    :param function: a function or a class
    :param only: the names to take; empty for all
    :param leave_out: names to leave out
    :return: type and text by name
    """
    init = function.__init__ if isinstance(function, type) else function
    hints = read_hints(init)
    text = init.__doc__ or ""
    if isinstance(function, type):
        text += function.__doc__ or ""
    names = list(only) or [name for name in hints if name not in {"return", *leave_out}]
    found = {}
    for name in names:
        match = re.search(rf":param {name}:(.*?)(?=\n\s*:|\Z)", text, flags=re.S)
        found[name] = (hints.get(name, Any), " ".join(match.group(1).split()) if match else "")
    return found


def read_hints(init: Any) -> dict[str, Any]:
    """Read annotations, those that are only known to a type checker as Any."""
    try:
        return typing.get_type_hints(init)
    except NameError:
        return dict.fromkeys(getattr(init, "__annotations__", {}), Any)


def fits(value: Any, annotation: Any) -> bool:
    """Tell whether a value is of a type; of containers only the outer type is looked at."""
    origin, inner = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any or isinstance(annotation, typing.TypeVar):
        return True
    if origin in {typing.Union, types.UnionType}:
        return any(fits(value, one) for one in inner)
    if origin is typing.Literal:
        return any(type(value) is type(one) and value == one for one in inner)
    if origin is type:
        return isinstance(value, type)
    if annotation is None or annotation is type(None):
        return value is None
    if annotation is float:
        return isinstance(value, numbers.Real) and not isinstance(value, bool | np.bool_) and math.isfinite(value)
    if annotation is int:
        return isinstance(value, numbers.Integral) and not isinstance(value, bool | np.bool_)
    if annotation is bool:
        return isinstance(value, bool | np.bool_)
    kind = origin or annotation
    if kind is collections.abc.Callable:
        return callable(value)
    if isinstance(value, str | bytes) and kind is not str:
        return kind is not collections.abc.Sequence and isinstance(value, kind)
    return isinstance(value, kind) if isinstance(kind, type) else True


def is_in_bounds(value: Any, text: str) -> bool:
    """Tell whether a number is within the bounds that a text names, as in ``"≥ 1"``, ``"> 0"`` or ``"(0, 1]"``."""
    if not isinstance(value, numbers.Real) or isinstance(value, bool):
        return True
    for sign, bound in re.findall(r"(?<![xn])(?:^|[\s,])(≥|>|≤|<) (-?\d+(?:\.\d+)?)\b", text):
        x, y = float(value), float(bound)
        if not {"≥": x >= y, ">": x > y, "≤": x <= y, "<": x < y}[sign]:
            return False
    for left, low, high, right in re.findall(r"([\[(])(\d+(?:\.\d+)?), (\d+(?:\.\d+)?)([\])])", text):
        above = value >= float(low) if left == "[" else value > float(low)
        below = value <= float(high) if right == "]" else value < float(high)
        if not (above and below):
            return False
    return True


def is_clear(error: Exception, argument: str, value: Any) -> bool:
    """Tell whether an error names the argument and the value, or its beginning where it is long.

    An error of the system that names the file, and a KeyError of a label that is not there, need no argument's name.
    """
    message = str(error)
    shown = {repr(value)[:20], str(value)[:20], repr(str(value))[:20]}
    if isinstance(value, numbers.Real) and not isinstance(value, bool):
        with contextlib.suppress(OverflowError):
            shown.add(f"{float(value):g}")
    is_named = argument.strip("_") in message.replace("-", "_") or isinstance(error, OSError | KeyError)
    return is_named and any(one in message for one in shown)


def is_finite(result: Any) -> bool:
    """Tell whether numbers and tensors are finite; anything else is."""
    if isinstance(result, torch.Tensor) and (result.is_floating_point() or result.is_complex()):
        return bool(torch.isfinite(result).all())
    return math.isfinite(result) if isinstance(result, float) else True


def judge(call: Call, argument: str, value: Any) -> Outcome:
    """Make a call with one argument replaced, and judge what comes of it."""
    annotation, text = call.arguments[argument]
    shown = f"{type(value).__name__} {repr(value)[:60]}"
    try:
        with silence(), limit_time():
            result = call.run(**{argument: value})
    except TooLongError:
        return Outcome("too large", call.name, argument, shown, "time")
    except MemoryError as error:
        return Outcome("too large", call.name, argument, shown, str(error)[:300])
    except Exception as error:
        if "allocate" in str(error):
            return Outcome("too large", call.name, argument, shown, str(error)[:300])
        message = f"{type(error).__name__}: {error}"
        kind = "clear" if is_clear(error, argument, value) else "unclear"
        return Outcome(kind, call.name, argument, shown, message[:300])
    if not (fits(value, annotation) and is_in_bounds(value, text)):
        return Outcome("junk", call.name, argument, shown, f"{annotation}; {text}"[:300])
    return Outcome("works" if is_finite(result) else "nonsense", call.name, argument, shown, "")


@contextlib.contextmanager
def silence() -> Iterator[None]:
    """Keep logs, warnings and output away: only what is raised counts."""
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            with contextlib.redirect_stdout(io.StringIO()):
                yield
    finally:
        logging.disable(logging.NOTSET)


class TooLongError(BaseException):
    """A call takes too long; no ``Exception``, which the call could handle."""


@contextlib.contextmanager
def limit_time(seconds: float = 3.0) -> Iterator[None]:
    """Raise inside when the time of this process is over."""

    def end(number: int, frame: Any) -> None:
        raise TooLongError

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def draw(calls: Sequence[Call], number: int, seed: int) -> Iterator[tuple[Call, str, Any]]:
    """Draw calls, arguments and values, none twice as long as there are others."""
    every = [(call, name, value) for call in calls for name in call.arguments for value in VALUES]
    generator = random.Random(seed)
    generator.shuffle(every)
    while number > 0:
        yield from every[:number]
        number -= len(every)


def main() -> None:
    """Draw, judge, and write what came out."""
    from bad_input_calls import list_calls

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--number", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="the beginning of the names of the calls")
    parser.add_argument("--share", type=int, nargs=2, default=(0, 1), metavar=("K", "N"), help="the k-th of n shares")
    parser.add_argument("--out", type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    with list_calls() as every:
        calls = [call for call in every if call.name.startswith(arguments.only)]
        first, step = arguments.share
        drawn = itertools.islice(draw(calls, arguments.number, arguments.seed), first, None, step)
        outcomes = [judge(*one) for one in drawn]
    counts = collections.Counter(outcome.kind for outcome in outcomes)
    bad = [outcome._asdict() for outcome in outcomes if outcome.kind not in {"works", "clear"}]
    if arguments.out is not None:
        arguments.out.write_text(json.dumps(dict(counts=counts, bad=bad), indent=1, ensure_ascii=False))
    sys.stdout.write(f"{len(outcomes)} inputs: {dict(counts)}\n")


if __name__ == "__main__":
    main()
