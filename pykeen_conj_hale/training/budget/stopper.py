"""The best model within the budget: validation every n seconds of training, whatever an epoch takes."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Collection, Mapping
from typing import Any, Final

from pykeen.stoppers import EarlyStopper

from ...checks import check_bool, check_number, check_path, check_targets, check_whole
from ...pykeen_internals import pipeline_evaluation_kwargs
from .best_model import write_best
from .clock import Duration, parse_seconds
from .metric import find_metric
from .random_state import preserve_random_state
from .schedule import LOOPS

__all__ = ["TimedStopper"]

logger = logging.getLogger(__name__)

#: What a pipeline's ``evaluation_kwargs`` say of which ranks count, besides the sides
_RESTRICTIONS: Final = ("restrict_entities_to", "restrict_relations_to", "pre_filtered_triples")


@dataclasses.dataclass
class TimedStopper(EarlyStopper):
    """Evaluates on validation triples every n seconds of training, and keeps the best model, to be restored at the end.

    The k-th evaluation is due at k · n seconds of training. It comes right after the optimizer step that reaches them.
    A long step may reach several of them: one evaluation then stands for all. PyKEEN gets k as the epoch of a result.
    So HPO compares, and prunes, trials that were trained for the same time. The model at the end of the training is
    evaluated, too. The result tracker gets the metrics and, as ``validation.seconds``, the seconds of training before
    the evaluation. Where a budget is reset, the seconds begin anew, and k goes on from the last evaluation before.

    The model is evaluated as at the end of a pipeline: its ``evaluation_kwargs`` say which sides and entities count,
    unless ``targets`` is given here.

    Evaluation is not charged to a time budget. With ``patience`` the training stops after that many evaluations without
    improvement; without, it goes on to its end. It needs a training loop of this package, which has the clock.
    """

    #: The seconds n of training from one evaluation to the next
    seconds: Duration = 60.0
    #: The number of evaluations without improvement after which training stops; None for no stopping
    patience: int | None = None  # type: ignore[assignment]
    #: The metric
    metric: str = "inverse_harmonic_mean_rank"
    #: Whether a larger value is better; None to follow the metric
    larger_is_better: bool | None = None  # type: ignore[assignment]
    #: What to predict, of ``"head"`` and ``"tail"``; None for what the pipeline evaluates, which is both by default
    targets: Collection[str] | None = None
    #: The minimum relative improvement
    relative_delta: float = 0.0
    #: The k of the last evaluation, and the optimizer steps before it
    mark: int = dataclasses.field(default=0, init=False)
    step: int = dataclasses.field(default=0, init=False)
    #: The k when the clock was at zero: 0 but for a budget that was reset
    first_mark: int = dataclasses.field(default=0, init=False)
    #: Whether a training loop tells the time
    has_clock: bool = dataclasses.field(default=False, init=False, repr=False)
    #: What restricts the evaluation
    restrictions: Mapping[str, Any] = dataclasses.field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        """Check the arguments."""
        self._take_over_from_pipeline()
        self.seconds = parse_seconds("seconds", self.seconds, positive=True)
        if self.patience is not None:
            check_whole("patience", self.patience)
        if self.evaluation_triples_factory is None or not self.evaluation_triples_factory.num_triples:
            raise ValueError('stopper="timed" needs validation triples, and the dataset has none.')
        if self.patience is None:
            self.patience = math.inf  # type: ignore[assignment]
        check_number("relative_delta", self.relative_delta, minimum=0)
        if not isinstance(self.metric, str):
            raise ValueError(f"metric={self.metric!r} is not allowed: it must be the name of a metric.")
        metric = find_metric(self.evaluator, self.metric, self.targets)
        if self.larger_is_better is None:
            self.larger_is_better = metric is None or metric.increasing
        if self.best_model_path is not None:
            self.best_model_path = check_path("best_model_path", self.best_model_path)
        for name in ("evaluation_batch_size", "evaluation_slice_size"):
            if getattr(self, name) is not None:
                check_whole(name, getattr(self, name))
        if self.larger_is_better is not None:
            check_bool("larger_is_better", self.larger_is_better)
        super().__post_init__()  # type: ignore[no-untyped-call]

    def _take_over_from_pipeline(self) -> None:
        """Evaluate what PyKEEN's pipeline evaluates in the end: of its arguments it hands on the batch size only."""
        kwargs = pipeline_evaluation_kwargs()
        if self.targets is None:
            self.targets = kwargs.get("targets")
        if self.targets is not None:
            one = isinstance(self.targets, str)
            self.targets = tuple(check_targets([self.targets] if one else self.targets))
        self.restrictions = {name: kwargs[name] for name in _RESTRICTIONS if kwargs.get(name) is not None}

    def should_evaluate(self, epoch: int) -> bool:
        """Refuse to evaluate at the end of an epoch: only time counts.

        :param epoch: the epoch that is done
        :return: False
        :raises ValueError: if the loop does not tell the time
        """
        if not self.has_clock:
            raise ValueError(f'stopper="timed" needs a training loop that tells the time: {LOOPS}.')
        return False

    def should_stop(self, epoch: int) -> bool:
        """Tell whether the training was stopped, without an evaluation.

        :param epoch: the epoch that is done
        :return: whether it was
        """
        return self.stopped

    def begin(self, elapsed: float) -> None:
        """Prepare for the first step of a run: marks are counted from where its clock is at zero.

        :param elapsed: the seconds of training so far
        """
        if not elapsed:
            self.first_mark = self.mark

    def is_due(self, elapsed: float) -> bool:
        """Tell whether it is time for an evaluation.

        :param elapsed: the seconds of training so far
        :return: whether k · n seconds are over, for a k beyond that of the last evaluation
        """
        return self._mark_of(elapsed) > self.mark

    def look(self, step: int, elapsed: float, final: bool = False) -> bool:
        """Evaluate the model, and keep it if it is the best so far.

        :param step: the optimizer steps done
        :param elapsed: the seconds of training so far
        :param final: whether the training is over; then it cannot be stopped, and result callbacks are not called
        :return: whether the training has to stop
        """
        if self.stopped or (final and step == self.step):
            return self.stopped
        self.mark = self.mark + 1 if final else self._mark_of(elapsed)
        self.step = step
        with preserve_random_state():
            result = self._evaluate(elapsed)
        self.results.append(result)
        callbacks = [] if final else self.result_callbacks
        for callback in callbacks:
            callback(self, result, self.mark)
        is_best = self._stopper.is_improvement(result)
        stop = self._stopper.report_result(metric=result, epoch=self.mark)
        if is_best:
            write_best(self, self.model.state_dict())
        elif stop and not final:
            logger.info("Stopping early after %.1f s of training, best result %g", elapsed, self.best_metric)
            self.stopped = True
        return self.stopped

    def _mark_of(self, elapsed: float) -> int:
        # seconds that were added up may miss k · n by rounding, hence a millionth of n
        return self.first_mark + int(elapsed / float(self.seconds) + 1e-6)  # type: ignore[arg-type]

    def _evaluate(self, elapsed: float) -> float:
        what: dict[str, Any] = dict(self.restrictions)
        if self.targets is not None:
            what["targets"] = self.targets
        results = self.evaluator.evaluate(
            model=self.model,
            mapped_triples=self.evaluation_triples_factory.mapped_triples,
            additional_filter_triples=self.training_triples_factory.mapped_triples,
            batch_size=self.evaluation_batch_size,
            slice_size=self.evaluation_slice_size,
            do_time_consuming_checks=not self.results,
            use_tqdm=self.use_tqdm,
            tqdm_kwargs=self.tqdm_kwargs,
            **what,
        )
        # those which the first evaluation found to fit the memory
        self.evaluation_batch_size, self.evaluation_slice_size = self.evaluator.batch_size, self.evaluator.slice_size
        if self.result_tracker is not None:
            metrics = {**results.to_flat_dict(), "seconds": elapsed}
            self.result_tracker.log_metrics(metrics, step=self.mark, prefix="validation")
        return float(results.get_metric(self.metric))

    def get_summary_dict(self) -> Mapping[str, Any]:
        """Get what a checkpoint keeps."""
        own = {"mark": self.mark, "step": self.step, "first_mark": self.first_mark}
        return {**super().get_summary_dict(), **own}

    def _write_from_summary_dict(self, *, mark: int = 0, step: int = 0, first_mark: int = 0, **kwargs: Any) -> None:
        """Go on from a checkpoint, with the patience that is asked for here."""
        patience: Any = self.patience
        there = kwargs["patience"]
        super()._write_from_summary_dict(**kwargs)
        self.mark, self.step, self.first_mark = mark, step, first_mark
        if patience == there:
            return
        logger.info("patience=%s from here on; it was %s when the checkpoint was written.", patience, there)
        self.patience = patience
        # counted again, as an unlimited patience does not tell how much of it is used up
        logic = dataclasses.replace(self._stopper, patience=patience, best_epoch=None)
        for k, result in enumerate(self.results, start=1):
            logic.report_result(result, epoch=k)
        self._stopper.patience, self._stopper.remaining_patience = patience, logic.remaining_patience
        self.stopped = logic.remaining_patience <= 0
