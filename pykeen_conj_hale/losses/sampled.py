r"""Losses of sampled negatives, PyKEEN's own, with an activation: SamNeg and AdvNeg."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, get_args

from class_resolver import HintOrType
from docdata import parse_docdata
from pykeen.losses import BCEWithLogitsLoss, NSSALoss, Reduction
from torch import Tensor

from ..checks import check_choice, check_number
from ..streaming.activations import HardnessActivation
from .activation_arguments import make_activation
from .first_steps import FirstSteps

__all__ = ["AdvNegLoss", "SamNegLoss"]

#: What PyKEEN can reduce the losses of triples to
REDUCTIONS: tuple[Reduction, ...] = get_args(Reduction)


@parse_docdata
class SamNegLoss(BCEWithLogitsLoss):
    r"""Binary cross entropy with sampled negatives, of activated scores with a margin.

    Let x = −score, h an activation and m the margin:

    .. math::
        L = -\log \sigma(m - h(x)) \text{ for a positive}, \qquad L = -\log \sigma(h(x) - m) \text{ for a negative}

    It is :class:`pykeen.losses.BCEWithLogitsLoss` of m - h(x), for the sLCWA loops: a distance has no positive scores
    of its own, hence the margin. Without activation, the default, it is the strategy "SamNeg" of HaLE's paper (Wang et
    al., 2022), with ``activation="hanon"`` its "HA + SamNeg" (Table 5).

    ---
    name: SamNeg
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    synonyms: ClassVar[set[str]] = {"SamNeg"}

    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        margin=dict(type=float, low=0.0, high=12.0), pos_weight=dict(type=float, low=1.0, high=1024.0, log=True)
    )

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = "none",
        margin: float = 3.0,
        gamma: float | None = None,
        beta: float | None = None,
        pos_weight: float | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        """Initialize the loss.

        :param activation: the activation h; see :class:`~pykeen_conj_hale.losses.HaLELoss`
        :param margin: the margin m, which is added to the activated score
        :param gamma: the upper bound γ of the activation, if it has one
        :param beta: the steepness β of the activation, if it has one
        :param pos_weight: the weight of positives, > 0; 1 by default; the number of negatives per
            positive balances the two
        :param reduction: how the losses of triples are reduced, ``"mean"`` or ``"sum"``
        :raises ValueError: if an argument is not allowed
        """
        if pos_weight is not None:
            pos_weight = check_number("pos_weight", pos_weight, above=0)
        super().__init__(reduction=check_choice("reduction", reduction, REDUCTIONS), pos_weight=pos_weight)
        self.activation = make_activation(activation, gamma, beta, default="none")
        self.margin = check_number("margin", margin)
        self._first_steps = FirstSteps("SamNeg", self.activation)

    def forward(self, x: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
        """Compute the loss of scores.

        :param x: any shape, scores
        :param target: the shape of x, labels between 0 and 1
        :param weight: the shape of x, None for 1
        :return: a scalar
        """
        loss: Tensor = super().forward(self.margin - self.activation(-x), target, weight)
        self._first_steps.add(loss)
        return loss


@parse_docdata
class AdvNegLoss(NSSALoss):
    r"""Self-adversarial negative sampling of activated scores.

    It is :class:`pykeen.losses.NSSALoss` (Sun et al., 2019) of -h(x), where x = −score, for the sLCWA loops. Without
    activation, the default, it is the strategy "AdvNeg" of HaLE's paper (Wang et al., 2022).

    ---
    name: AdvNeg
    citation:
        author: Sun
        year: 2019
        arxiv: 1902.10197
        link: https://arxiv.org/abs/1902.10197
    """

    synonyms: ClassVar[set[str]] = {"AdvNeg"}

    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        margin=dict(type=float, low=0.0, high=12.0),
        adversarial_temperature=dict(type=float, low=0.1, high=2.0, log=True),
    )

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = "none",
        margin: float = 3.0,
        adversarial_temperature: float = 1.0,
        gamma: float | None = None,
        beta: float | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        """Initialize the loss.

        :param activation: the activation h; see :class:`~pykeen_conj_hale.losses.HaLELoss`
        :param margin: the margin, which is added to the activated score
        :param adversarial_temperature: the temperature as NSSA has it, ≥ 0, a factor of the scores in the negatives'
            weights; 0 for equal weights
        :param gamma: the upper bound γ of the activation, if it has one
        :param beta: the steepness β of the activation, if it has one
        :param reduction: how the losses of triples are reduced, ``"mean"`` or ``"sum"``
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(
            margin=check_number("margin", margin),
            adversarial_temperature=check_number("adversarial_temperature", adversarial_temperature, minimum=0),
            reduction=check_choice("reduction", reduction, REDUCTIONS),
        )
        self.activation = make_activation(activation, gamma, beta, default="none")
        self._first_steps = FirstSteps("AdvNeg", self.activation)

    def process_lcwa_scores(self, predictions: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        """Process scores from the LCWA loops; see :meth:`pykeen.losses.Loss.process_lcwa_scores`.

        :param predictions: any shape, scores
        :param args: as there
        :param kwargs: as there
        :return: a scalar
        """
        loss: Tensor = super().process_lcwa_scores(-self.activation(-predictions), *args, **kwargs)
        self._first_steps.add(loss)
        return loss

    def process_slcwa_scores(
        self, positive_scores: Tensor, negative_scores: Tensor, *args: Any, **kwargs: Any
    ) -> Tensor:
        """Process scores from the sLCWA loop; see :meth:`pykeen.losses.Loss.process_slcwa_scores`.

        :param positive_scores: any shape, scores
        :param negative_scores: any shape, scores
        :param args: as there
        :param kwargs: as there
        :return: a scalar
        """
        loss: Tensor = super().process_slcwa_scores(
            -self.activation(-positive_scores), -self.activation(-negative_scores), *args, **kwargs
        )
        self._first_steps.add(loss)
        return loss
