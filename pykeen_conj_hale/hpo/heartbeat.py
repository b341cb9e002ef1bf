"""What the storages here share: signs of life of each running trial, and what happens when they end."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from optuna.exceptions import ExperimentalWarning
from optuna.storages import RetryHeartbeatStaleTrialCallback
from optuna.storages._heartbeat import BaseHeartbeat
from optuna.trial import TrialState

__all__ = ["HeartbeatFirst", "make_retry"]

#: How often a trial that lost its worker is begun anew; perhaps the trial itself kills its workers
_MAX_RETRY = 3


class HeartbeatFirst(BaseHeartbeat):
    """Records a heartbeat before it takes a trial: so a worker that is killed in between is noticed, too."""

    def set_trial_state_values(self, trial_id: int, state: TrialState, values: Sequence[float] | None = None) -> bool:
        """Set the state of a trial.

        :param trial_id: the trial
        :param state: its new state
        :param values: its values, if it is complete
        :return: whether it was set; False if another worker took the trial
        """
        if state == TrialState.RUNNING:
            self.record_heartbeat(trial_id)
        taken: bool = super().set_trial_state_values(trial_id, state, values)  # type: ignore[misc]
        return taken


def make_retry() -> RetryHeartbeatStaleTrialCallback:
    """Make what queues a trial once more."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)
        return RetryHeartbeatStaleTrialCallback(max_retry=_MAX_RETRY)
