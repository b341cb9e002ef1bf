"""A trial as far as its first step: what goes wrong until then would go wrong in every trial."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import pykeen.hpo
from optuna import Study
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler, GridSampler
from optuna.trial import FrozenTrial
from pykeen.training import TrainingCallback

from ..training.budget.random_state import preserve_random_state

__all__ = ["rehearse"]

logger = logging.getLogger(__name__)


class _FirstStepError(Exception):
    """The first step would begin now."""


class _UntilFirstStep(TrainingCallback):
    """Ends a training before its first step."""

    def pre_batch(self, **kwargs: Any) -> None:
        raise _FirstStepError


class _SmallestSampler(BaseSampler):
    """Takes the smallest value of each hyper-parameter, or its first choice."""

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return {}

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return {}

    def sample_independent(
        self, study: Study, trial: FrozenTrial, param_name: str, param_distribution: BaseDistribution
    ) -> Any:
        if isinstance(param_distribution, CategoricalDistribution):
            return param_distribution.choices[0]
        assert isinstance(param_distribution, FloatDistribution | IntDistribution)
        return param_distribution.low


def rehearse(arguments: Mapping[str, Any], sampler: BaseSampler | None = None) -> None:
    """Run a trial of a study in memory as far as its first step, by PyKEEN itself.

    Dataset, model, loss, regularizer, optimizer, schedule, loop, sampler, evaluator, stopper, pruner and the arguments
    of the training are made or checked as in any trial, with the smallest hyper-parameters. Random states stay as they
    are, and nothing is written or tracked.

    :param arguments: those of :func:`pykeen.hpo.hpo_pipeline`, without a storage
    :raises ValueError: if something goes wrong
    """
    training = dict(arguments.get("training_kwargs") or {})
    training.pop("callbacks_kwargs", None)
    # those of the user come to know the trials' loops only
    training.update(callbacks=_UntilFirstStep, use_tqdm=False)
    stopper = {  # PyKEEN adds this trial's callbacks to the lists which it is given
        name: list(value) if isinstance(value, list) else value
        for name, value in (arguments.get("stopper_kwargs") or {}).items()
    }
    own = {
        "training_kwargs": training,
        "stopper_kwargs": stopper,
        "result_tracker": None,
        "result_tracker_kwargs": None,
        "save_model_directory": None,
        "study_name": "check of the arguments",
        # a grid may lack a hyper-parameter; to ask it for its first point leaves it as it is
        "sampler": sampler if isinstance(sampler, GridSampler) else _SmallestSampler(),
        "n_trials": 0,
    }
    with preserve_random_state():
        try:
            result = pykeen.hpo.hpo_pipeline(**{**arguments, **own})
            result.objective(result.study.ask())
        except _FirstStepError:
            pass
        except (MemoryError, RuntimeError) as error:
            # PyKEEN takes these for failures of the trial: other hyper-parameters may do
            logger.warning("The trial with the smallest hyper-parameters fails: %s: %s", type(error).__name__, error)
        except Exception as error:
            raise ValueError(
                f"Every trial fails before its first step: {type(error).__name__}: {str(error).rstrip('.')}. Look at "
                f"{_show(arguments)}. No study was made or changed."
            ) from error


def _show(arguments: Mapping[str, Any]) -> str:
    """Write what a trial is made of; not what may have a password in it."""
    made = {name: value for name, value in arguments.items() if value and not name.startswith("result_tracker")}
    return ", ".join(f"{name}={value!r}" for name, value in made.items() if "_kwargs" in name) or "all arguments"
