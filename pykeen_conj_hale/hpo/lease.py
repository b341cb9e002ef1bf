"""What a worker holds of the queue: one trial at a time, and that only while it gives signs of life."""

from __future__ import annotations

from collections.abc import Sequence
from types import TracebackType
from typing import Any

from optuna.trial import FrozenTrial, TrialState

__all__ = ["Lease", "QueueEmptyError"]


class QueueEmptyError(Exception):
    """No trial is left in the queue."""


class Lease:
    """Watches which trial is taken from a storage, as a context: PyKEEN and Optuna take it, and tell the result.

    Inside, trials come from the queue only: workers that reach its end together would each make one more.

    A worker that is stopped for a while gives no signs of life. Others then fail its trial and queue it once more. When
    it goes on, its trial is over, and all that it writes of it is an error.

    :param storage: the storage, whose instance is changed until the end of the context
    """

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        self._held: int | None = None

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

    def _create_from_template(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        if template_trial is None:
            raise QueueEmptyError
        trial: int = self._create(study_id, template_trial)
        return trial

    def _watch_state(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        done: bool = self._set_state(trial_id, state=state, values=values)
        if done and state == TrialState.RUNNING:
            self._held = trial_id
        elif done and trial_id == self._held:
            self._held = None
        return done
