"""What a run tells the result tracker and the log in the end."""

from __future__ import annotations

import logging

from pykeen.trackers import ResultTracker

from ...wording import count
from .run import Run

__all__ = ["report"]

logger = logging.getLogger(__name__)


def report(run: Run, tracker: ResultTracker, epoch: int) -> None:
    """Report the seconds of each phase, the steps, the speed, and why the run ended.

    :param run: the run
    :param tracker: gets metrics ``seconds.PHASE``, ``training.steps``, ``training.triples_per_second``, and the
        parameter ``stop_reason``
    :param epoch: the number of the last epoch, the metrics' step
    """
    seconds = run.stopwatch.seconds
    tracker.log_metrics(seconds, step=epoch, prefix="seconds")
    speed = {"steps": run.num_steps, "triples_per_second": run.triples_per_second}
    tracker.log_metrics(speed, step=epoch, prefix="training")
    tracker.log_params({"stop_reason": run.stop_reason})
    logger.info(
        "Trained %s, ended by %s (%s); %s",
        count(run.num_steps, "step"),
        run.stop_reason,
        run.signal or "no signal",
        ", ".join(f"{phase} {value:.3f} s" for phase, value in seconds.items()),
    )
