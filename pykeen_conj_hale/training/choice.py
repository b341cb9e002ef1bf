"""What the query-sampling loop chooses where nothing is said, and how that is recorded.

PyKEEN's pipeline and its command line always hand over a number of epochs, a batch size and a learning rate. Nobody can
tell whether a person typed PyKEEN's own 5, 256 and 0.001. So these three numbers mean that nothing was said, unless the
loop is made with ``choose=False``, which takes all numbers at their word.
"""

from __future__ import annotations

import copy
import logging
from typing import TYPE_CHECKING, Any, Final

from pykeen.models import Model
from pykeen.triples import CoreTriplesFactory

from ..defaults import Graph, Settings, choose_settings, describe_graph
from ..losses import HaLELoss
from ..wording import count
from .budget.schedule import BudgetLR
from .learning_rate import choose_learning_rate
from .optimizer import base_rate
from .recording import is_pipeline, record

if TYPE_CHECKING:
    from .query_sampling import QuerySamplingTrainingLoop

__all__ = ["choose_loss", "choose_training", "record_training"]

logger = logging.getLogger(__name__)

#: What PyKEEN's pipeline hands over where nothing is said
PIPELINE_EPOCHS: Final = 5
PIPELINE_BATCH_SIZE: Final = 256


def choose_loss(model: Model, triples_factory: CoreTriplesFactory) -> None:
    """Choose the arguments of a loss that is open still, as that of a model which is no query model.

    :param model: the model; it has a copy of its loss then, which is open for the graph of another model, too
    :param triples_factory: the training triples
    """
    if isinstance(model.loss, HaLELoss) and model.loss.is_open:
        model.loss = copy.deepcopy(model.loss)
        model.loss.choose(**_settings(model, describe_graph(triples_factory)).loss_kwargs)


def choose_training(
    loop: QuerySamplingTrainingLoop,
    triples_factory: CoreTriplesFactory,
    num_epochs: int,
    batch_size: int | None,
    goes_on: bool,
) -> tuple[int, int]:
    """Choose the length of a training, its batches and its learning rate, where they are not said.

    :param loop: the loop; the learning rate of its optimizer, and its schedule, are changed in place
    :param triples_factory: the training triples
    :param num_epochs: the number of epochs that ``train`` is called with
    :param batch_size: the batch size that ``train`` is called with; None where nothing is said
    :param goes_on: whether the loop goes on with a training, whose learning rate and schedule are there, so that only a
        batch size is chosen
    :return: the number of epochs, and the batch size
    """
    graph, rate = describe_graph(triples_factory), loop.terms.loss.learning_rate
    settings = _settings(loop.model, graph)
    if goes_on:
        return num_epochs, settings.fitting_batch_size if batch_size is None else batch_size
    given = num_epochs, batch_size
    is_open = rate is not None and loop.choose and is_pipeline(loop.result_tracker)
    said = None if is_open and batch_size == PIPELINE_BATCH_SIZE else batch_size
    if is_open and num_epochs == PIPELINE_EPOCHS and loop.time_budget is None:
        num_epochs = settings.num_epochs
    tuned = None if rate is None else settings.learning_rate_for(settings.batch_size if said is None else said)
    batch_size = settings.fitting_batch_size if said is None else said
    has_rate = loop.choose and choose_learning_rate(loop, tuned)
    if has_rate or given != (num_epochs, batch_size):
        length = count(num_epochs, "epoch") if loop.time_budget is None else f"{loop.time_budget.seconds:g} s"
        logger.info(
            "Chosen for %s: %s with %s, batches of %d, %s at %g with %s, %s. What is given goes before; choose=False "
            "takes PyKEEN's own 5 epochs, batches of 256 and learning rate of 0.001 at their word.",
            graph,
            type(loop.model).__name__,
            loop.model.loss,
            batch_size,
            type(loop.optimizer).__name__,
            loop.optimizer.param_groups[0]["lr"],
            type(loop.lr_scheduler).__name__,
            length,
        )
    return num_epochs, batch_size


def record_training(loop: QuerySamplingTrainingLoop, num_epochs: int, batch_size: int) -> None:
    """Tell the trackers of PyKEEN's pipeline how it is trained, which has told them before what was handed over.

    :param loop: the loop, as it is about to train
    :param num_epochs: the number of epochs
    :param batch_size: the batch size
    """
    record(loop.result_tracker, _describe(loop, num_epochs, batch_size))


def _settings(model: Model, graph: Graph) -> Settings:
    made_with = getattr(model, "made_with", {})
    return choose_settings(
        graph,
        model=type(model),
        loss=type(model.loss),
        similarity=made_with.get("similarity"),
    )


def _describe(loop: QuerySamplingTrainingLoop, num_epochs: int, batch_size: int) -> dict[str, Any]:
    """Describe how it is trained, under the names of the pipeline's arguments."""
    params: dict[str, Any] = dict(
        # not that of the moment, which a schedule may have set
        optimizer_kwargs=dict(lr=float(base_rate(loop.optimizer.param_groups[0]))),
        training_loop_kwargs=dict(choose=False),
        num_epochs=num_epochs,
        batch_size=batch_size,
    )
    scheduler = loop.lr_scheduler
    if isinstance(scheduler, BudgetLR):
        params["lr_scheduler"] = type(scheduler).__name__
        params["lr_scheduler_kwargs"] = dict(warmup=scheduler.warmup, final=scheduler.final)
    return params
