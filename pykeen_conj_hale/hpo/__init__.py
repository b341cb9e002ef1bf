"""Hyper-parameter optimization under equal time, shared by any number of processes; PyKEEN and Optuna do the work."""

from .pipeline import shared_hpo_pipeline
from .storage import make_storage

__all__ = ["make_storage", "shared_hpo_pipeline"]
