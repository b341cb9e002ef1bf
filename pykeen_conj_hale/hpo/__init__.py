"""Hyper-parameter optimization under equal time, by any number of processes; PyKEEN and Optuna do the work."""

from .pipeline import hpo_pipeline
from .storage import make_storage

__all__ = ["hpo_pipeline", "make_storage"]
