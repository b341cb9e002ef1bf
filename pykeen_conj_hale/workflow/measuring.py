"""Metrics of a model beside those of a trivial one, so that a number means something."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import pandas as pd
import torch
from pykeen.models import MarginalDistributionBaseline, Model
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from ..evaluation import rank_triples

__all__ = ["BASELINE", "METRICS", "measure", "measure_baseline", "summarize"]

#: The shown names of metrics, in the order of tables
METRICS: Final = ("MRR", "Hits@1", "Hits@3", "Hits@10", "mean rank")
#: The trivial model's shown name
BASELINE: Final = "most frequent answers"


def measure(model: Model, triples: CoreTriplesFactory, known: Iterable[CoreTriplesFactory]) -> pd.DataFrame:
    """Rank triples by a model, filtered, in both directions.

    :param model: the model
    :param triples: the triples to rank
    :param known: further triples whose answers are left out
    :return: the table of :func:`~pykeen_conj_hale.evaluation.rank_triples`
    """
    return rank_triples(model, triples, known=known)


def measure_baseline(
    training: TriplesFactory, triples: CoreTriplesFactory, known: Iterable[CoreTriplesFactory]
) -> pd.DataFrame:
    r"""Rank triples by how often each entity is an answer of the relation in training, whatever the question.

    .. math::
        \text{score}(h, r, t) = P(t \mid r) = \frac{|\{(h', r, t)\}|}{|\{(h', r, t')\}|}

    It is PyKEEN's :class:`~pykeen.models.MarginalDistributionBaseline` without the margins of entities. Most entities
    have the same score there, and their ranks are the mean of the best and the worst order.

    :param training: the training triples
    :param triples: the triples to rank
    :param known: further triples whose answers are left out
    :return: a table as that of :func:`measure`
    """
    without_inverse = training.clone_and_exchange_triples(training.mapped_triples, create_inverse_triples=False)
    baseline = MarginalDistributionBaseline(without_inverse, entity_margin=False)
    # a model is where its parameters and buffers are, and this one has none; SciPy's matrices are on the CPU
    baseline.register_buffer("place", torch.zeros(1))
    return rank_triples(baseline, triples, known=known)


def summarize(ranks: pd.DataFrame) -> dict[str, float]:
    """Compute metrics of ranks, of both directions together.

    They equal PyKEEN's ``both.realistic`` metrics: ties count as the mean of the best and the worst order.

    :param ranks: a table of ranks
    :return: the metrics, by the names in :data:`METRICS`
    """
    rank = ranks["rank"]
    hits: Mapping[str, float] = {f"Hits@{k}": float((rank <= k).mean()) for k in (1, 3, 10)}
    return {"MRR": float(ranks["reciprocal_rank"].mean()), **hits, "mean rank": float(rank.mean())}
