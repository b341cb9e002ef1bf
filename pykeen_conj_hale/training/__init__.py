"""Training: query sampling, time budgets for every loop, checkpoints, the best model within a budget."""

from .budget import TimeBudgetMixin
from .checkpoint import CheckpointError
from .clock import Stopwatch, TimeBudget
from .loops import BudgetedLCWATrainingLoop, BudgetedSLCWATrainingLoop, BudgetedSymmetricLCWATrainingLoop
from .query_sampling import QuerySamplingTrainingLoop
from .schedule import BudgetCosineLR, BudgetLinearLR
from .steps import StopReason
from .stopper import TimedStopper

__all__ = [
    "BudgetCosineLR",
    "BudgetLinearLR",
    "BudgetedLCWATrainingLoop",
    "BudgetedSLCWATrainingLoop",
    "BudgetedSymmetricLCWATrainingLoop",
    "CheckpointError",
    "QuerySamplingTrainingLoop",
    "StopReason",
    "Stopwatch",
    "TimeBudget",
    "TimeBudgetMixin",
    "TimedStopper",
]
