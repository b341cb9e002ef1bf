"""Evaluation: PyKEEN's filtered ranks, with an index of the known triples."""

from .batches import default_batch_size
from .evaluator import IndexedRankBasedEvaluator
from .sharded import predict_top
from .table import observed_candidates, rank_triples

__all__ = ["IndexedRankBasedEvaluator", "default_batch_size", "observed_candidates", "predict_top", "rank_triples"]
