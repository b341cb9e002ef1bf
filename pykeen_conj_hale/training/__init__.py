"""Training: query sampling, time budgets for every loop, checkpoints, the best model within a budget."""

from .budget.checkpoint import CheckpointError
from .budget.clock import Stopwatch, TimeBudget
from .budget.loop import TimeBudgetMixin
from .budget.run import StopReason
from .budget.schedule import BudgetCosineLR, BudgetLinearLR
from .budget.stopper import TimedStopper
from .loops import BudgetedLCWATrainingLoop, BudgetedSLCWATrainingLoop, BudgetedSymmetricLCWATrainingLoop
from .query_sampling import QuerySamplingTrainingLoop

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
