"""PyKEEN's HPO, shared by processes: a queue of trials, from which each takes one after the other."""

from __future__ import annotations

import json
import logging
import time
import warnings
from collections.abc import Mapping
from typing import Any, Final

import optuna
import pykeen.hpo
from class_resolver import HintType
from class_resolver.contrib.optuna import sampler_resolver
from optuna import Study
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage, fail_stale_trials, get_storage
from optuna.trial import FrozenTrial, TrialState
from pykeen.datasets import Dataset
from pykeen.hpo import HpoPipelineResult
from pykeen.training import training_loop_resolver

from ..checks import check_bool, check_whole
from ..datasets.cache import get_dataset_locked
from ..messages import Once
from ..training import QuerySamplingTrainingLoop
from ..training.budget.clock import Duration, parse_seconds
from .lease import Lease, QueueEmptyError, fill_queue
from .rehearsal import rehearse
from .settings import check_arguments, describe, differences
from .storage import StorageHint, has_heartbeats, make_storage

__all__ = ["shared_hpo_pipeline"]

logger = logging.getLogger(__name__)

#: Where a study has its settings, and how many trials are queued for sure. PyKEEN takes attributes whose names begin
#: like this for metadata.
_SETTINGS: Final = "pykeen_conj_hale_settings"
_QUEUED: Final = "pykeen_conj_hale_n_trials"

#: How many seconds a worker waits for another one that has just made the study, until that one has filled the queue
_QUEUE_SECONDS: Final = 60.0

#: What is said of a storage without heartbeats
_NOBODY_CAN_TELL: Final = (
    "Only trials that are RUNNING are left: %s. The storage has no heartbeats, so that nobody can tell whether their "
    "workers live. This process waits for their end; if a worker is dead, end its trial by Optuna's "
    "study.tell(number, state=TrialState.FAIL)."
)


def shared_hpo_pipeline(
    *,
    n_trials: int,
    storage: StorageHint = None,
    study_name: str | None = None,
    load_if_exists: bool = True,
    heartbeat_seconds: int = 30,
    timeout: Duration | None = None,
    sampler: HintType[BaseSampler] = None,
    sampler_kwargs: Mapping[str, Any] | None = None,
    direction: str | None = None,
    **arguments: Any,
) -> HpoPipelineResult:
    """Work on a study, together with other processes that call this with the same arguments.

    :func:`pykeen.hpo.hpo_pipeline` runs the trials. They are queued first: ``n_trials`` in all, however many workers
    there are. Each worker takes one after the other. A trial whose worker dies, or is ended by Ctrl-C, is queued once
    more, with the same hyper-parameters. Workers return when no trial is left, each with the whole study.

    :param n_trials: the number of trials of the study; a larger number than before adds trials to it
    :param storage: where the study is; see :func:`~pykeen_conj_hale.hpo.make_storage`
    :param study_name: the study's name, which all of its workers give
    :param load_if_exists: whether to go on with a study of that name, if there is one
    :param heartbeat_seconds: the seconds from one sign of life of a trial to the next
    :param timeout: the time after which this worker takes no further trial
    :param sampler: the sampler; with several workers without a seed, as equal seeds draw equal trials
    :param sampler_kwargs: the sampler's arguments
    :param direction: ``"maximize"`` or ``"minimize"``; by default that of the metric
    :param arguments: all others of :func:`pykeen.hpo.hpo_pipeline`
    :return: PyKEEN's result, of all workers' trials
    :raises ValueError: if an argument is not allowed, no trial can begin with the arguments, or the study exists with
        other settings
    :raises KeyboardInterrupt: if Ctrl-C was pressed
    """
    check_whole("n_trials", n_trials)
    check_bool("load_if_exists", load_if_exists)
    check_whole("heartbeat_seconds", heartbeat_seconds)
    if not isinstance(study_name, str | None):
        raise ValueError(f"study_name={study_name!r} is not allowed: it must be a text, or None.")
    if not isinstance(sampler_kwargs, Mapping | None):
        raise ValueError(f"sampler_kwargs={sampler_kwargs!r} is not allowed: it must be a mapping of names to values.")
    arguments = check_arguments({**arguments, "direction": direction})
    deadline = time.monotonic() + (float("inf") if timeout is None else parse_seconds("timeout", timeout))
    backend = get_storage(make_storage(storage, heartbeat_seconds))
    dataset = _get_dataset(arguments.get("dataset"), arguments.get("dataset_kwargs"))
    # one instance for all trials: a new one would begin with the same random numbers each time
    sampler_instance = sampler_resolver.make(sampler, sampler_kwargs)
    rehearse(arguments, sampler_instance)
    loop_kwargs = _at_their_word(arguments)
    study = _open(backend, study_name, load_if_exists, n_trials, describe(arguments, dataset))
    arguments.update(
        storage=backend,
        study_name=study.study_name,
        load_if_exists=True,
        sampler=sampler_instance,
        training_loop_kwargs=loop_kwargs,
    )
    once = Once(logger)
    with Lease(backend, study.study_name) as lease:
        while time.monotonic() < deadline and (unfinished := _unfinished(study)):
            if TrialState.WAITING in {trial.state for trial in unfinished}:
                _run_trial(arguments, lease)
            else:
                if not has_heartbeats(backend):
                    once.warning(_NOBODY_CAN_TELL, [trial.number for trial in unfinished], key=_NOBODY_CAN_TELL)
                # what others are at may come back to the queue
                time.sleep(min(1.0, heartbeat_seconds / 4))
                _fail_stale_trials(study)
        return pykeen.hpo.hpo_pipeline(**arguments, n_trials=0)


def _at_their_word(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Have the loop take the numbers of a trial at their word, PyKEEN's own defaults, too: a study chooses itself."""
    kwargs = dict(arguments.get("training_loop_kwargs") or {})
    loop = training_loop_resolver.lookup(arguments.get("training_loop"))
    return {"choose": False, **kwargs} if issubclass(loop, QuerySamplingTrainingLoop) else kwargs


def _get_dataset(dataset: Any, dataset_kwargs: Mapping[str, Any] | None) -> Dataset | None:
    """Have a dataset in PyKEEN's cache, before workers that begin together look there."""
    if dataset is None:
        return None
    try:
        return get_dataset_locked(dataset, dataset_kwargs)
    except (KeyError, TypeError) as error:  # no such name, no such argument
        raise ValueError(f"dataset={dataset!r}, dataset_kwargs={dataset_kwargs!r} is not allowed: {error}") from error


def _run_trial(arguments: Mapping[str, Any], lease: Lease) -> None:
    """Take a trial from the queue and run it; nothing happens if another worker is faster."""
    try:
        with lease.giving_back():
            pykeen.hpo.hpo_pipeline(**arguments, n_trials=1)
    except QueueEmptyError:
        return
    except (optuna.exceptions.UpdateFinishedTrialError, ValueError, AssertionError):
        # by one of these Optuna refuses to write of a trial that is over; by the last if nothing else went wrong in it
        if (trial := lease.pop_lost()) is None:
            raise
        logger.warning(
            "Trial %d was queued once more, as this process gave no signs of life for a while: its result here is "
            "dropped, and this process goes on with the next trial.",
            trial.number,
        )


def _unfinished(study: Study) -> list[FrozenTrial]:
    return study.get_trials(deepcopy=False, states=(TrialState.WAITING, TrialState.RUNNING))


def _fail_stale_trials(study: Study) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        fail_stale_trials(study)


def _open(
    storage: BaseStorage, name: str | None, load_if_exists: bool, n_trials: int, settings: dict[str, str]
) -> Study:
    """Make a study, or join one, and queue the trials that are missing."""
    direction: Any = json.loads(settings["direction"])
    try:
        study = optuna.create_study(storage=storage, study_name=name, direction=direction)
    except optuna.exceptions.DuplicatedStudyError:
        if not load_if_exists:
            raise ValueError(f"study_name={name!r} exists: name another, or give load_if_exists=True.") from None
        study = optuna.load_study(storage=storage, study_name=name)
        _compare(study, settings)
    else:
        study.set_user_attr(_SETTINGS, json.dumps(settings))
    if (queued := study.user_attrs.get(_QUEUED, 0)) < n_trials:
        fill_queue(study, queued, n_trials)
        # last: a worker that dies before leaves the rest to others
        study.set_user_attr(_QUEUED, n_trials)
    return study


def _compare(study: Study, here: dict[str, str]) -> None:
    """Raise if a study has other settings."""
    # looked at once: its maker fills the queue meanwhile
    trials = study.get_trials(deepcopy=False)
    is_over = bool(trials) and all(trial.state.is_finished() for trial in trials)
    deadline = time.monotonic() + (0.0 if is_over else _QUEUE_SECONDS)
    # not for ever: the maker may have died
    while _QUEUED not in study.user_attrs and time.monotonic() < deadline:
        time.sleep(0.2)
    if (there := study.user_attrs.get(_SETTINGS)) is None:
        raise ValueError(
            f"study_name={study.study_name!r} exists, but was not made by this function, or its maker died at "
            "once: name another study, or delete this one."
        )
    if text := differences(json.loads(there), here):
        raise ValueError(
            f"study_name={study.study_name!r} exists with other settings: {text}. Give the same settings to go on with "
            "it, or name another study; nothing was changed."
        )
