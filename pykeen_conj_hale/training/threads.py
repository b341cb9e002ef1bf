"""PyTorch's number of threads, by measuring: more threads are no faster where steps are short or the machine is busy.

Threads that wait for each other spin. Where another process has their core, each short operation waits for the
scheduler. So the number is measured before the first step: the passes of one batch, forward and backward, with one
thread, half of them, and all. Parameters, the optimizer and the random states are left as they are.
"""

from __future__ import annotations

import logging
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

import torch

from ..checks import check_whole

__all__ = ["SMALL", "ThreadChoice"]

logger = logging.getLogger(__name__)

#: Models of so many parameters, or fewer, have one thread: their steps are too short to share
SMALL: Final = 2**18
#: Passes per measurement, after one that is not counted
NUM_PASSES: Final = 5
#: More threads must be faster by this factor: those of others can use them, too
GAIN: Final = 0.9
#: A step that takes this many times the best time is slow enough to measure again
SLOWER: Final = 2.0
#: The steps of training between two measurements, at least
NUM_STEPS: Final = 100
#: By these a person tells PyTorch how many threads there are
VARIABLES: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
#: The most threads that may be asked for: OpenMP ends the process where it cannot have so many
MOST_THREADS: Final = 1_024


class ThreadChoice:
    """The number of threads of a training on a CPU.

    A number that a person has given is taken: as an argument, or by the environment's ``OMP_NUM_THREADS`` or
    ``MKL_NUM_THREADS``. Else a small model has one, and for others it is measured, again where steps become slow. A
    training that goes on from a checkpoint goes on with its number, as sums may differ in their last bits by it.

    :param given: the number; None to choose it
    """

    def __init__(self, given: int | None = None) -> None:
        self.given = None if given is None else check_whole("threads", given, maximum=MOST_THREADS)
        #: The number of this training; None before its first step, and where PyTorch's own number stays
        self.num: int | None = None
        self._best: float | None = None
        self._seen = (0.0, 0)

    @property
    def is_free(self) -> bool:
        """Whether the number may be chosen: there is a choice, and nobody has made it."""
        return self.given is None and torch.get_num_threads() > 1 and not any(map(os.environ.get, VARIABLES))

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Give PyTorch its own number back afterwards."""
        before = torch.get_num_threads()
        self.num, self._best, self._seen = None, None, (0.0, 0)
        self._total, self._is_free = before, self.is_free
        try:
            yield
        finally:
            torch.set_num_threads(before)

    def go_on_with(self, num: int | None) -> None:
        """Take the number of a checkpoint.

        :param num: the number; None where it has none
        """
        if self.given is None:
            self._is_free = False
            if num is not None:
                self._set(num)

    def before_epoch(
        self,
        num_parameters: int,
        elapsed: float,
        num_steps: int,
        trying: Callable[[], AbstractContextManager[Callable[[], None]]],
    ) -> bool:
        """Choose the number before the first epoch, and again after an epoch whose steps were slow.

        :param num_parameters: the number of the model's parameters
        :param elapsed: the seconds of training so far
        :param num_steps: the steps so far
        :param trying: gives a context with the function that does the passes of a batch
        :return: whether the number was chosen
        """
        if self.num is None and self.given is not None:
            self._set(self.given)
            return True
        if not self._is_free or (self.num is not None and not self._is_slow(elapsed, num_steps)):
            return False
        if num_parameters <= SMALL:
            self._is_free = False
            self._set(1)
            logger.info("One thread: a model of %d parameters has short steps.", num_parameters)
            return True
        self._best, self._seen = None, (elapsed, num_steps)
        with trying() as do_pass:
            seconds = _measure(sorted({1, max(1, self._total // 2), self._total}), do_pass)
        self._set(fastest(seconds))
        times = ", ".join(f"{num}: {1e3 * value:.1f} ms" for num, value in seconds.items())
        logger.info(
            "%d of %d threads, by the time of a step (%s); threads=… sets another.", self.num, self._total, times
        )
        return True

    def _is_slow(self, elapsed: float, num_steps: int) -> bool:
        """Tell whether the steps since the last look took much longer than the best ones since the measurement."""
        seconds, steps = elapsed - self._seen[0], num_steps - self._seen[1]
        if steps < NUM_STEPS:
            return False
        self._seen, pace = (elapsed, num_steps), seconds / steps
        self._best = pace if self._best is None else min(self._best, pace)
        return pace > SLOWER * self._best

    def _set(self, num: int) -> None:
        self.num = num
        torch.set_num_threads(num)


def fastest(seconds: dict[int, float]) -> int:
    """Choose a number of threads.

    :param seconds: the seconds of a step by the number of threads
    :return: the smallest number that no larger one beats clearly
    """
    best, *others = sorted(seconds)
    for num in others:
        if seconds[num] < GAIN * seconds[best]:
            best = num
    return best


def _measure(numbers: list[int], do_pass: Callable[[], None]) -> dict[int, float]:
    """Measure the passes of a batch with numbers of threads.

    :param numbers: the numbers of threads
    :param do_pass: the passes
    :return: the median of the seconds by number
    """
    found = {}
    for num in numbers:
        torch.set_num_threads(num)
        do_pass()
        seconds = []
        for _ in range(NUM_PASSES):
            start = time.perf_counter()
            do_pass()
            seconds.append(time.perf_counter() - start)
        found[num] = statistics.median(seconds)
    return found
