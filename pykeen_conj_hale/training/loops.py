"""PyKEEN's training loops under a time budget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pykeen.sampling import NegativeSampler
from pykeen.training import LCWATrainingLoop, SLCWATrainingLoop, SymmetricLCWATrainingLoop
from pykeen.triples import CoreTriplesFactory
from pykeen.triples.instances import LCWABatch, SLCWABatch
from pykeen.typing import MappedTriples
from torch.utils.data import DataLoader, TensorDataset

from ..checks import check_whole
from ..pykeen_internals import add_inverse_triples
from .budget.arguments import refuse_sampler_and_weights
from .budget.loop import TimeBudgetMixin
from .named_loss import NamedLossMixin

__all__ = ["BudgetedLCWATrainingLoop", "BudgetedSLCWATrainingLoop", "BudgetedSymmetricLCWATrainingLoop"]


class BudgetedLCWATrainingLoop(TimeBudgetMixin[LCWABatch], NamedLossMixin[LCWABatch], LCWATrainingLoop):
    """PyKEEN's LCWA loop under a time budget: see :class:`~pykeen_conj_hale.training.TimeBudgetMixin`."""


class BudgetedSymmetricLCWATrainingLoop(
    TimeBudgetMixin[tuple[MappedTriples]], NamedLossMixin[tuple[MappedTriples]], SymmetricLCWATrainingLoop
):
    """PyKEEN's symmetric LCWA loop under a time budget: see :class:`~pykeen_conj_hale.training.TimeBudgetMixin`.

    With inverse triples it trains both directions of the triples and of the inverse ones. PyKEEN's own loop leaves the
    ids of relations as they are in the files, and so trains the rows of other relations than evaluation looks up.
    """

    def _create_training_data_loader(
        self, triples_factory: CoreTriplesFactory, sampler: str | None, **kwargs: Any
    ) -> DataLoader[tuple[MappedTriples]]:
        refuse_sampler_and_weights(self, sampler, "symmetric LCWA")
        triples = add_inverse_triples(triples_factory, triples_factory.mapped_triples)
        return DataLoader(TensorDataset(triples), **kwargs)  # type: ignore[arg-type]


class BudgetedSLCWATrainingLoop(TimeBudgetMixin[SLCWABatch], NamedLossMixin[SLCWABatch], SLCWATrainingLoop):
    """PyKEEN's sLCWA loop under a time budget: see :class:`~pykeen_conj_hale.training.TimeBudgetMixin`.

    PyKEEN's HPO searches over a negative sampler's arguments for its own sLCWA loop only, and not for subclasses. So
    the number of negatives is an argument of :meth:`train` here, where HPO hands it over: it is searched as
    ``training.num_negs_per_pos``. The sampler itself is an argument of the loop, ``negative_sampler``.
    """

    hpo_default: ClassVar[Mapping[str, Any]] = dict(  # type: ignore[assignment, misc]
        TimeBudgetMixin.hpo_default, **NegativeSampler.hpo_default
    )

    def __init__(self, **kwargs: Any) -> None:
        """Initialize the loop; see :class:`TimeBudgetMixin` and :class:`pykeen.training.SLCWATrainingLoop`."""
        super().__init__(**kwargs)
        self._given: Mapping[str, Any] = self.negative_sampler_kwargs or {}

    def train(
        self, triples_factory: CoreTriplesFactory, *args: Any, num_negs_per_pos: int | None = None, **kwargs: Any
    ) -> list[float] | None:
        """Train the model; see :meth:`TimeBudgetMixin.train`.

        :param triples_factory: the training triples
        :param args: as there
        :param num_negs_per_pos: the number of negatives per positive; by default that of ``negative_sampler_kwargs``
        :param kwargs: as there
        :return: the losses of the epochs
        :raises ValueError: if ``negative_sampler_kwargs`` has the number of negatives, too
        """
        if num_negs_per_pos is not None:
            check_whole("num_negs_per_pos", num_negs_per_pos)
            if "num_negs_per_pos" in self._given:
                raise ValueError(
                    f"num_negs_per_pos={num_negs_per_pos!r} is in the training's arguments, or searched by HPO, and it "
                    "is in negative_sampler_kwargs, too. Give it in training_kwargs only; that ends the search."
                )
        searched = {} if num_negs_per_pos is None else {"num_negs_per_pos": num_negs_per_pos}
        self.negative_sampler_kwargs = {**self._given, **searched}
        return super().train(triples_factory, *args, **kwargs)
