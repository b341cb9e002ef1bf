"""The queue of a study, and what a worker holds of it: one trial at a time, while it gives signs of life.

Each trial of the queue has a slot, a number from 0. Several workers may fill the queue at once, and each may be killed
meanwhile: who comes later queues what is missing. If two queue the same slot, the second trial is never handed out, as
all of them see the trials in the same order.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, Final

import optuna
from optuna import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from .heartbeat import make_retry

__all__ = ["Lease", "QueueEmptyError", "fill_queue"]

#: Where a trial has its slot
_SLOT: Final = "pykeen_conj_hale_slot"


class QueueEmptyError(Exception):
    """No trial is left in the queue."""


def fill_queue(study: Study, first: int, n_trials: int) -> None:
    """Queue the trials whose slots are missing.

    :param study: the study
    :param first: the first slot; those before it count as queued
    :param n_trials: the number of slots
    """
    while missing := {*range(first, n_trials)} - {_slot_of(trial) for trial in study.get_trials(deepcopy=False)}:
        # any of them: others who are at it then seldom take the same one
        slot = random.SystemRandom().choice([*missing])
        # without fixed parameters, as `enqueue_trial` notes them: a grid gives no values where there may be any
        study.add_trial(create_trial(state=TrialState.WAITING, user_attrs={_SLOT: slot}))


def _slot_of(trial: FrozenTrial) -> int | None:
    """Look up a slot; None for a trial that is queued once more, which has the attributes of the lost one."""
    return None if "failed_trial" in trial.system_attrs else trial.user_attrs.get(_SLOT)


class Lease:
    """Watches which trial is taken from a storage, as a context: PyKEEN and Optuna take it, and tell the result.

    Inside, trials come from the queue only: workers that reach its end together would each make one more.

    A worker that is stopped for a while gives no signs of life. Others then fail its trial and queue it once more. When
    it goes on, its trial is over, and all that it writes of it is an error.

    :param storage: the storage, whose instance is changed until the end of the context
    :param study_name: the study
    """

    def __init__(self, storage: Any, study_name: str) -> None:
        self._storage, self._study_id = storage, storage.get_study_id_from_name(study_name)
        self._study_name = study_name
        self._held: int | None = None
        # unlike what is held, it is kept when its result is told
        self._taken: int | None = None

    def __enter__(self) -> Lease:
        self._create, self._set_state = self._storage.create_new_trial, self._storage.set_trial_state_values
        self._storage.create_new_trial = self._create_from_template
        self._storage.set_trial_state_values = self._watch_state
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        del self._storage.create_new_trial, self._storage.set_trial_state_values

    def pop_lost(self) -> FrozenTrial | None:
        """Forget the trial of this worker, if it is over without the worker's having told its result.

        :return: the trial; None if it is not lost
        """
        if self._held is None:
            return None
        trial: FrozenTrial = self._storage.get_trial(self._held)
        if not trial.state.is_finished():
            return None
        self._held = None
        return trial

    @contextlib.contextmanager
    def giving_back(self) -> Iterator[None]:
        """Queue the trial that was taken inside once more if Ctrl-C ends it, as others do if its worker dies.

        :yields: nothing
        :raises KeyboardInterrupt: if Ctrl-C was pressed
        """
        self._taken = None
        try:
            yield
        except KeyboardInterrupt:
            self._queue_again()
            raise

    def _queue_again(self) -> None:
        if (taken := self._taken) is None:
            return
        # Optuna has marked it FAIL, if Ctrl-C came while it ran; before and after that, it has not
        if self._held == taken:
            with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError):
                self._storage.set_trial_state_values(taken, state=TrialState.FAIL)
        # what is still held is over by others, who have queued it
        trial: FrozenTrial = self._storage.get_trial(taken)
        if self._held is None and trial.state == TrialState.FAIL:
            make_retry()(optuna.load_study(study_name=self._study_name, storage=self._storage), trial)

    def _create_from_template(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is None:
            raise QueueEmptyError
        trial: int = self._create(study_id, template_trial)
        return trial

    def _watch_state(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        if state == TrialState.RUNNING and self._is_second(trial_id):
            self._set_state(trial_id, state=TrialState.FAIL)
            return False
        done: bool = self._set_state(trial_id, state=state, values=values)
        if done and state == TrialState.RUNNING:
            self._held = self._taken = trial_id
        elif done and trial_id == self._held:
            self._held = None
        return done

    def _is_second(self, trial_id: int) -> bool:
        """Tell whether another trial came to the queue before with the same slot."""
        trial: FrozenTrial = self._storage.get_trial(trial_id)
        slot, trials = _slot_of(trial), self._storage.get_all_trials(self._study_id, deepcopy=False)
        return slot is not None and any(x.number < trial.number and _slot_of(x) == slot for x in trials)
