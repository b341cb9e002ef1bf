r"""AllNeg: softmax cross entropy over all entities."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from class_resolver import HintOrType
from docdata import parse_docdata
from pykeen.losses import Reduction

from ..streaming.activations import HardnessActivation
from .candidates import Candidates
from .hale import HaLELoss

__all__ = ["AllNegLoss"]


@parse_docdata
class AllNegLoss(HaLELoss):
    r"""Softmax cross entropy over all entities: all of them are negatives of each query.

    With x minus the score, P the positives (q, t) of a batch and E all entities,

    .. math::
        L = \frac{1}{|P|} \sum_{(q, t) \in P} \Big( h(x_{qt}) + \log \sum_{e \in E} \exp(-h(x_{qe})) \Big)

    It is :class:`HaLELoss` with α = 1, λ = 1 and without squaring, so that the query-sampling loop streams it. Without
    activation, the default, it equals :class:`pykeen.losses.CrossEntropyLoss`; with ``activation="hanon"`` it is the
    strategy "HA + AllNeg" of HaLE's ablation (Wang et al., 2022, Table 5).

    ---
    name: All negatives
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    synonyms: ClassVar[set[str] | None] = {"AllNeg"}

    #: The search space of the activation, if there is one
    hpo_default: ClassVar[Mapping[str, Any]] = dict(gamma=HaLELoss.hpo_default["gamma"])

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = "none",
        gamma: float | None = None,
        beta: float | None = None,
        candidates: Candidates = "all",
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
            activation=activation,
            alpha=1.0,
            lambda_=1.0,
            gamma=gamma,
            beta=beta,
            square=False,
            candidates=candidates,
            reduction=reduction,
        )
