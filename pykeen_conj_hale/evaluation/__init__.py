"""Evaluation: PyKEEN's filtered ranks, with an index of the known triples."""

from .evaluator import IndexedRankBasedEvaluator, default_batch_size

__all__ = ["IndexedRankBasedEvaluator", "default_batch_size"]
