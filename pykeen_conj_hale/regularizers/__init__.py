"""Regularizers of the factors of a batch's triples: N3, the nuclear 3-norm, and DURA, the duality-induced one."""

from .dura import DURARegularizer
from .factors import FactorRegularizer, Factors
from .n3 import N3Regularizer

__all__ = ["DURARegularizer", "FactorRegularizer", "Factors", "N3Regularizer"]
