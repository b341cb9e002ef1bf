r"""AllNeg: softmax cross entropy over all entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from class_resolver import HintOrType
from docdata import parse_docdata
from pykeen.losses import Reduction
from torch import Tensor
from torch.nn import functional

from ..streaming.activations import HardnessActivation
from .candidates import Candidates
from .hale import HaLELoss

__all__ = ["AllNegLoss"]


@parse_docdata
class AllNegLoss(HaLELoss):
    r"""Softmax cross entropy over all entities: all of them are negatives of each query.

    Let x = −score, P the positives (q, t) of a batch and E all entities,

    .. math::
        L = \frac{1}{|P|} \sum_{(q, t) \in P} \Big( h(x_{qt}) + \log \sum_{e \in E} \exp(-h(x_{qe})) \Big)

    It is :class:`HaLELoss` with α = 1, λ = 1 and without squaring, so that the query-sampling loop streams it. Without
    activation, the default, it equals :class:`pykeen.losses.CrossEntropyLoss`; with ``activation="hanon"`` it is the
    strategy "HA + AllNeg" of HaLE's ablation (Wang et al., 2022, Table 5).

    Compared with a sample of S candidates e', the positive is always one of the entities:
    :math:`\log (\exp(-h(x_{qt})) + \frac{n}{S} \sum_{e'} \exp(-h(x_{qe'})))`. So a query that has won is at rest, as it
    is among all entities.

    Three loops have their own form of the formula:

    - Under LCWA a row of scores may have several positives. As in PyKEEN's cross entropy they share the row's weight.
    - Query sampling without inverse triples has two queries per triple, and takes the mean over both: half of the sum
      that PyKEEN's cross entropy has there.
    - Under sLCWA there is an estimate only; see :class:`HaLELoss`.

    ---
    name: AllNeg
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    synonyms: ClassVar[set[str] | None] = {"AllNeg"}

    #: The search space: of the activation, if there is one, and of the candidates
    hpo_default: ClassVar[Mapping[str, Any]] = {"candidates": HaLELoss.hpo_default["candidates"]}

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = "none",
        gamma: float | None = None,
        beta: float | None = None,
        candidates: Candidates | None = "all",
        reduction: Reduction = "mean",
    ) -> None:
        """Initialize the loss.

        :param activation: the activation h; see :class:`HaLELoss`
        :param gamma: the upper bound γ of the activation, if it has one
        :param beta: the steepness β of the activation, if it has one
        :param candidates: the entities that all queries are compared with; see :class:`HaLELoss`
        :param reduction: must be ``"mean"``
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(
            # None, which is null in JSON, stands for this loss's own default, here and below
            activation="none" if activation is None else activation,
            alpha=1.0,
            lambda_=1.0,
            gamma=gamma,
            beta=beta,
            square=False,
            candidates="all" if candidates is None else candidates,
            reduction=reduction,
        )

    def arguments(self) -> dict[str, Any]:
        """List the arguments; see :meth:`HaLELoss.arguments`."""
        own = ("activation", "gamma", "beta", "candidates")
        return {name: value for name, value in super().arguments().items() if name in own}

    @property
    def adds_positives(self) -> bool:
        """Whether each query's positive is added to the candidates: where they are a sample."""
        return self.candidates != "all"

    def row_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """Compute cross entropy, in which the positives of a row share its weight.

        :param predictions: shape: ``(num_queries, num_entities)``, the scores
        :param labels: shape: ``(num_queries, num_entities)``, 1 for positives, else 0
        :return: a scalar
        """
        return functional.cross_entropy(-self.activation(-predictions), functional.normalize(labels, p=1, dim=-1))
