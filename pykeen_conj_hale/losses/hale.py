r"""HaLE, which splits softmax cross entropy into alignment and uniformity over sampled queries."""

from __future__ import annotations

import dataclasses
import logging
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from class_resolver import HintOrType
from docdata import parse_docdata
from pykeen.losses import Reduction, SetwiseLoss, UnsupportedLabelSmoothingError
from torch import Tensor

from ..checks import check_bool, check_number
from ..messages import Once
from ..streaming.activations import HardnessActivation, activation_resolver
from ..streaming.logsumexp import stored_logsumexp
from .activation_arguments import make_activation
from .candidates import Candidates, check_candidates
from .first_steps import FirstSteps
from .query_loss import QueryBatch, QueryLoss, Term, sample_rows

__all__ = ["HaLELoss"]

logger = logging.getLogger(__name__)


@parse_docdata
class HaLELoss(QueryLoss, SetwiseLoss):
    r"""The hardness-aware loss with query sampling of HaLE (Wang et al., 2022).

    Let x = −score, h the hardness-aware activation, P the positives of a batch, Q a random fraction α of its queries
    and E all entities:

    .. math::
        L = \lambda \frac{1}{|P|} \sum_{p \in P} h(x_p)^2
        + \frac{1}{|Q|} \sum_{q \in Q} \log \sum_{e \in E} \exp(-h(x_{qe}))

    The first term, *alignment*, pulls positives together; the second, *uniformity*, pushes entities away from queries.
    (The paper's equations (5) and (9) print the first with a minus sign, which would push positives apart; its text and
    equation (4) make clear that it pulls.) Without squaring the first term is λ times the mean of h. With α = 1, λ = 1,
    no activation and no squaring the loss is softmax cross entropy over all entities, where each query has one positive
    (under LCWA some have more: :class:`~pykeen_conj_hale.losses.AllNegLoss` is cross entropy there, too).

    With ``candidates``, E is a sample of S of the n entities, and :math:`\log(n / S)` is added: then more of the
    queries can be compared in the same time. Where h has no bound and α = 1, as in cross entropy, each query's positive
    is added to its sample.

    The loss serves every training loop of PyKEEN, and is best served by
    :class:`~pykeen_conj_hale.training.QuerySamplingTrainingLoop`, which scores positives as triples and only the
    sampled queries against all entities. Under (symmetric) LCWA the rows of scores are sampled. Under sLCWA only the
    sampled negatives are there: :math:`\log |E|` plus their log-mean-exp estimates the log-sum-exp, which is much
    weaker; all queries are used then.

    ---
    name: HaLE
    citation:
        author: Wang
        year: 2022
        arxiv: 2201.00565
        link: https://arxiv.org/abs/2201.00565
    """

    synonyms: ClassVar[set[str] | None] = {"Hardness-aware Low-dimensional Embedding"}

    #: The search space: the paper's, with λ on a continuous scale that reaches beyond 1, and samples of candidates
    hpo_default: ClassVar[Mapping[str, Any]] = dict(
        activation=dict(type="categorical", choices=["hanon", "halin"]),
        alpha=dict(type="categorical", choices=[0.05, 0.1, 0.2, 1.0]),
        lambda_=dict(type=float, low=0.1, high=3.0, log=True),
        gamma=dict(type="categorical", choices=[5.0, 10.0, 20.0]),
        candidates=dict(type="categorical", choices=["all", 0.02, 0.1]),
    )

    learning_rate: ClassVar[float] = 0.01

    activation: HardnessActivation

    # of a loss that an earlier version has pickled, too
    _is_open: bool = False
    _is_chosen: bool = False

    def __init__(
        self,
        activation: HintOrType[HardnessActivation] = None,
        alpha: float | None = None,
        lambda_: float | None = None,
        gamma: float | None = None,
        beta: float | None = None,
        square: bool | None = None,
        candidates: Candidates | None = None,
        reduction: Reduction = "mean",
    ) -> None:
        """Initialize the loss.

        The arguments are one set. Where none of them is given, they are chosen from the graph, once there is one: by
        the model that is made with the loss, or by the query-sampling loop (:attr:`is_open`), each for a copy of the
        loss, as ``model.loss``. Where one is given, the others have the defaults below.

        :param activation: the activation h, ``"hanon"``, ``"halin"``, ``"2x"``, ``"xexp"``, ``"2artanh"`` or
            ``"none"``, or an instance; ``"hanon"`` by default
        :param alpha: the fraction α of queries that is sampled, 0 < α ≤ 1; at least one query is; 0.1 by default
        :param lambda_: the weight λ of alignment, > 0; 1 by default
        :param gamma: the upper bound γ of the activation, > 0; the activation's own default by default (5)
        :param beta: the steepness β of the activation, > 0; the activation's own default by default (3 for Hanon, 10
            for Halin)
        :param square: whether alignment is the mean of h², rather than of h; so by default
        :param candidates: the entities that the sampled queries are compared with: ``"all"``, as in the paper and by
            default, or a fresh sample per step, with replacement, which all queries of the batch share: its size S as a
            whole number, or as a fraction of all entities between 0 and 1. The log-sum-exp over the sample plus
            log(n/S) estimates that over all n entities. Only the query-sampling loops draw it: under LCWA all scores
            are there, under sLCWA PyKEEN samples
        :param reduction: must be ``"mean"``: both terms are means by definition
        :raises ValueError: if an argument is not allowed
        """
        super().__init__(reduction=reduction)
        self._once = Once(logger)
        given: dict[str, Any] = dict(
            activation=activation,
            alpha=alpha,
            lambda_=lambda_,
            gamma=gamma,
            beta=beta,
            square=square,
            candidates=candidates,
        )
        self._set(**{name: value for name, value in given.items() if value is not None})
        self._is_open = all(value is None for value in given.values())

    def _set(
        self,
        activation: HintOrType[HardnessActivation] = "hanon",
        alpha: float = 0.1,
        lambda_: float = 1.0,
        gamma: float | None = None,
        beta: float | None = None,
        square: bool = True,
        candidates: Candidates = "all",
    ) -> None:
        """Check the arguments, and set them; see :meth:`__init__`."""
        self.alpha = check_number("alpha", alpha, above=0, maximum=1)
        self.lambda_ = check_number("lambda_", lambda_, above=0)
        self.activation = make_activation(activation, gamma, beta, default="hanon")
        self.square = check_bool("square", square)
        self.candidates = check_candidates(candidates)
        self._first_steps = FirstSteps(type(self).__name__.removesuffix("Loss"), self.activation)

    @property
    def is_open(self) -> bool:
        """Whether no argument was given, and none was chosen yet."""
        return self._is_open

    @property
    def is_chosen(self) -> bool:
        """Whether no argument was given, and all were chosen."""
        return self._is_chosen

    def choose(self, **arguments: Any) -> None:
        """Set the arguments that were left open; only once, as they are given then.

        :param arguments: those of :meth:`__init__`
        :raises ValueError: if the loss is not open, or an argument is not allowed
        """
        if not self.is_open:
            raise ValueError(f"The arguments of {self} were given, or chosen before: none is open.")
        self._set(**arguments)
        self._is_open, self._is_chosen = False, True

    def arguments(self) -> dict[str, Any]:
        """List the arguments, such that they make this loss again.

        :return: the arguments of :meth:`__init__` by name, as plain data
        """
        options = dataclasses.asdict(self.activation)
        return dict(
            activation=activation_resolver.normalize_inst(self.activation),
            alpha=self.alpha,
            lambda_=self.lambda_,
            gamma=options.get("gamma"),
            beta=options.get("beta"),
            square=self.square,
            candidates=self.candidates,
        )

    def num_sampled(self, num_queries: int) -> int:
        """Count the sampled queries: the fraction α, one at least.

        :param num_queries: the number of queries, ≥ 1
        :return: max(1, round(α · num_queries))
        """
        return max(1, round(self.alpha * num_queries))

    def sample_queries(self, num_queries: int, device: torch.device) -> Tensor:
        """Draw the fraction α of queries, without replacement, from the global random state.

        :param num_queries: the number of queries, ≥ 1
        :param device: the device of the result
        :return: shape: ``(num_sampled,)``, the indices of the sampled queries
        """
        return sample_rows(self.num_sampled(num_queries), num_queries, device)

    def num_candidates(self, num_entities: int) -> int | None:
        """Count the candidates.

        :param num_entities: the number n of all entities
        :return: their number S ≥ 1; None for all entities, each of them once
        """
        if self.candidates == "all":
            return None
        return self.candidates if isinstance(self.candidates, int) else max(1, round(self.candidates * num_entities))

    def alignment(self, positive_scores: Tensor) -> Tensor:
        """Compute the alignment term, λ · mean h(x)².

        :param positive_scores: any shape, not empty; the scores of positives
        :return: a scalar
        """
        value = self.activation(-positive_scores)
        return self.lambda_ * (value.square() if self.square else value).mean()

    def uniformity(self, scores: Tensor) -> Tensor:
        """Compute the uniformity term, mean log Σ exp(-h(x)), from the scores against all entities.

        :param scores: shape: ``(num_queries, num_entities)``, the scores of sampled queries
        :return: a scalar
        """
        return stored_logsumexp(scores, self.activation).mean()

    def query_terms(self, batch: QueryBatch) -> Mapping[str, Term]:
        """Compute alignment over the triples, and uniformity over the sampled queries.

        :param batch: the batch
        :return: the terms ``"alignment"`` and ``"uniformity"``
        """
        num_sampled = self.num_sampled(batch.num_triples)
        # the stream first: see `QueryBatch.logsumexp`
        logsumexp = self.row_logsumexp(batch)
        alignment = self.alignment(batch.positive_scores())
        # the mean of the directions' means
        uniformity = logsumexp.mean(dim=-1).mean()
        self._first_steps.add(alignment, uniformity)
        return {"alignment": Term(alignment, batch.num_triples), "uniformity": Term(uniformity, num_sampled)}

    @property
    def adds_positives(self) -> bool:
        """Whether each query's positive is added to the sampled candidates: with α = 1, where h has no bound.

        A sample has it rarely. Without it, a query that has won against the sample is pushed on for ever, unless h is
        bounded, as Hanon is.
        """
        return self.candidates != "all" and self.alpha == 1.0 and self.activation.bound == math.inf

    def row_logsumexp(self, batch: QueryBatch) -> Tensor:
        """Compute the log-sum-exp of the sampled queries.

        :param batch: the batch
        :return: shape: ``(num_directions, num_own_queries)``
        """
        num_sampled = self.num_sampled(batch.num_triples)
        logsumexp = batch.logsumexp(num_sampled, self.activation, self.num_candidates(batch.num_entities))
        if not self.adds_positives:
            return logsumexp
        return torch.logaddexp(logsumexp, -self.activation(-batch.positive_scores()))

    def process_lcwa_scores(
        self,
        predictions: Tensor,
        labels: Tensor,
        label_smoothing: float | None = None,
        num_entities: int | None = None,
        weights: Tensor | None = None,
    ) -> Tensor:
        """Process scores from the LCWA training loops, by :meth:`row_loss`.

        :param predictions: shape: ``(num_queries, num_entities)``, the scores
        :param labels: shape: ``(num_queries, num_entities)``, 1 for positives, else 0
        :param label_smoothing: not supported
        :param num_entities: ignored
        :param weights: not supported
        :return: a scalar
        :raises UnsupportedLabelSmoothingError: if label smoothing is requested
        """
        self._refuse(label_smoothing, weights)
        loss = self.row_loss(predictions, labels)
        self._first_steps.add(loss)
        return loss

    def row_loss(self, predictions: Tensor, labels: Tensor) -> Tensor:
        """Compute the loss of rows of scores against all entities: all positives, a sample of the rows.

        :param predictions: shape: ``(num_queries, num_entities)``, the scores
        :param labels: shape: ``(num_queries, num_entities)``, 1 for positives, else 0
        :return: a scalar
        """
        uniformity = self.uniformity(predictions[self.sample_queries(len(predictions), predictions.device)])
        positives = predictions[labels > 0.5]
        # a batch without positives has nothing to align
        return uniformity + self.alignment(positives) if len(positives) else uniformity

    def process_slcwa_scores(
        self,
        positive_scores: Tensor,
        negative_scores: Tensor,
        label_smoothing: float | None = None,
        batch_filter: Tensor | None = None,
        num_entities: int | None = None,
        pos_weights: Tensor | None = None,
        neg_weights: Tensor | None = None,
    ) -> Tensor:
        """Process scores from the sLCWA training loop: the log-sum-exp is estimated from the negatives.

        :param positive_scores: shape: ``(batch_size, 1)``, the scores of positives
        :param negative_scores: shape: ``(batch_size, num_neg_per_pos)`` or ``(num_unfiltered_negatives,)``
        :param label_smoothing: not supported
        :param batch_filter: shape: ``(batch_size, num_neg_per_pos)``, which negatives were kept, if any were filtered
        :param num_entities: the number of entities; without it the constant, the logarithm of their number, is left out
        :param pos_weights: not supported
        :param neg_weights: not supported
        :return: a scalar
        :raises UnsupportedLabelSmoothingError: if label smoothing is requested
        """
        self._refuse(label_smoothing, pos_weights, neg_weights)
        self._once.warning(
            "%s under sLCWA estimates its log-sum-exp over all entities from the sampled negatives, which is "
            'much weaker. training_loop="QuerySampling" computes it in full, is faster, and chooses what is not said. '
            "Here optimizer_kwargs=dict(lr=0.01), negative_sampler_kwargs=dict(num_negs_per_pos=10) and "
            "training_kwargs=dict(batch_size=128, num_epochs=...) help most.",
            type(self).__name__.removesuffix("Loss"),
        )
        f = -self.activation(-negative_scores)
        if batch_filter is None:
            count = torch.full_like(positive_scores[:, 0], f.shape[-1])
        else:
            count = batch_filter.sum(dim=-1)
            # a row without any negative estimates nothing
            rows = count > 0
            f = f.new_full(batch_filter.shape, -math.inf).masked_scatter(batch_filter, f)[rows]
            count = count[rows]
        alignment = self.alignment(positive_scores)
        if not len(f):
            return alignment
        log_mean_exp = torch.logsumexp(f, dim=-1) - count.to(f.dtype).log()
        loss = alignment + log_mean_exp.mean() + math.log(num_entities or 1)
        self._first_steps.add(loss)
        return loss

    def _refuse(self, label_smoothing: float | None, *weights: Tensor | None) -> None:
        """Raise for what PyKEEN offers to losses and this one has no meaning for."""
        if label_smoothing:
            raise UnsupportedLabelSmoothingError(self)
        for weight in weights:
            self._raise_on_weights(weight)

    def extra_repr(self) -> str:
        """Show the options."""
        # not where there is none: the identity of earlier checkpoints has no such option
        options = f"activation={self.activation}, alpha={self.alpha}, lambda_={self.lambda_}, square={self.square}"
        return options if self.candidates == "all" else f"{options}, candidates={self.candidates}"
