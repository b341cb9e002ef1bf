"""Losses: HaLE, and the training strategies that it is compared with, each with or without an activation."""

from .all_neg import AllNegLoss
from .hale import HaLELoss
from .non_neg import NonNegLoss
from .sampled import AdvNegLoss, SamNegLoss

__all__ = ["AdvNegLoss", "AllNegLoss", "HaLELoss", "NonNegLoss", "SamNegLoss"]
