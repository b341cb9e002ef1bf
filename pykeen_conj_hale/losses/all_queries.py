"""Any loss of PyKEEN as a query loss: it sees the scores of all queries."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from pykeen.losses import Loss
from torch.nn import functional

from ..messages import OncePerTraining
from .query_loss import QueryBatch, QueryLoss, Term

__all__ = ["AllQueriesLoss", "as_query_loss"]

logger = logging.getLogger(__name__)


def as_query_loss(loss: Loss) -> QueryLoss:
    """Make a query loss of any loss.

    :param loss: the loss
    :return: the loss itself if it is one, else a loss that hands it the scores of all queries
    """
    return loss if isinstance(loss, QueryLoss) else AllQueriesLoss(loss)


class AllQueriesLoss(QueryLoss):
    """A loss that knows nothing of queries: all of a batch are scored against all entities, with one positive each."""

    supports_label_smoothing = True

    def __init__(self, loss: Loss) -> None:
        """Initialize the loss.

        :param loss: what computes the loss from rows of scores
        """
        super().__init__()
        self.loss = loss
        self._once = OncePerTraining(logger)

    def query_terms(self, batch: QueryBatch) -> Mapping[str, Term]:
        """Compute a term per direction of prediction; see :meth:`QueryLoss.query_terms`."""
        self._once.warning(
            "%s has no query sampling: all queries of a batch are scored against all entities.",
            type(self.loss).__name__,
        )
        terms = {}
        for name, scores, positive in batch.all_scores():
            num_entities = scores.shape[-1]
            value = self.loss.process_lcwa_scores(
                predictions=scores,
                labels=functional.one_hot(positive, num_classes=num_entities).to(scores.dtype),
                label_smoothing=batch.label_smoothing or None,
                num_entities=num_entities,
            )
            terms[f"{name} prediction"] = Term(value, batch.num_triples, self.loss.reduction)
        return terms
