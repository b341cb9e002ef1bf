r"""NonNeg: positives only, and entities that are kept apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from class_resolver import HintOrType
from docdata import parse_docdata
from pykeen.losses import Reduction
from torch import Tensor

from ..checks import check_number
from ..streaming.activations import HardnessActivation
from .activation_arguments import make_activation
from .query_loss import QueryBatch, QueryLoss, Term

__all__ = ["NonNegLoss"]


@parse_docdata
class NonNegLoss(QueryLoss):
    r"""A loss without negatives: the square loss of positives, and the distance of entities to their centre.

    Let x = −score, h an activation, P the positives of a batch, E all entities and :math:`\bar e` their mean,

    .. math::
        L = \lambda \frac{1}{|P|} \sum_{p \in P} h(x_p)^2
        - \log \Big( \frac{1}{|E|} \sum_{e \in E} \|e - \bar e\|^2 \Big)

    Without the second term, *spread*, all entities would meet in one point. It is a logarithm, so that the loss has a
    minimum: the plain mean distance would win over alignment for any λ, or lose. A scale per relation, which could
    become 0 instead of the distances, is refused with it (``relation_scale=False``).

    HaLE's paper (Wang et al., 2022) compares with such losses and names the two parts; the logarithm is ours. It needs
    the entities: only the query-sampling loops have them, see
    :class:`~pykeen_conj_hale.training.QuerySamplingTrainingLoop`.

    ---
    name: NonNeg
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    synonyms: ClassVar[set[str] | None] = {"NonNeg"}

    supports_relation_scale = False

    hpo_default: ClassVar[Mapping[str, Any]] = dict(lambda_=dict(type=float, low=0.1, high=10.0, log=True))

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = "none",
        lambda_: float = 1.0,
        gamma: float | None = None,
        beta: float | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        """Initialize the loss.

        :param activation: the activation h; see :class:`~pykeen_conj_hale.losses.HaLELoss`
        :param lambda_: the weight λ of alignment, > 0
        :param gamma: the upper bound γ of the activation, if it has one
        :param beta: the steepness β of the activation, if it has one
        :param reduction: must be ``"mean"``
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(reduction=reduction)
        self.lambda_ = check_number("lambda_", lambda_, above=0)
        self.activation = make_activation(activation, gamma, beta, default="none")

    def alignment(self, positive_scores: Tensor) -> Tensor:
        """Compute the alignment term, λ · mean h(x)².

        :param positive_scores: any shape, not empty; the scores of positives
        :return: a scalar
        """
        return self.lambda_ * self.activation(-positive_scores).square().mean()

    def spread(self, entities: Tensor) -> Tensor:
        """Compute the spread term, minus the logarithm of the mean squared distance to the centre.

        :param entities: shape: ``(num_entities, d)``, real
        :return: a scalar
        """
        return -entities.var(dim=0, correction=0).sum().log()

    def query_terms(self, batch: QueryBatch) -> Mapping[str, Term]:
        """Compute alignment over the triples, and the spread of the entities.

        :param batch: the batch
        :return: the terms ``"alignment"`` and ``"spread"``
        """
        positives, entities = batch.positive_scores(), batch.entities()
        return {
            "alignment": Term(self.alignment(positives), batch.num_triples),
            "spread": Term(self.spread(entities), batch.num_triples),
        }
