"""Training loops: query sampling, and training limited by time."""

from .budget import StopReason, TimeBudget, TimeBudgetMixin
from .query_sampling import QuerySamplingTrainingLoop

__all__ = ["QuerySamplingTrainingLoop", "StopReason", "TimeBudget", "TimeBudgetMixin"]
