"""What relations cost: bytes in the model, in a checkpoint and in the optimizer; and the time of the regularizer."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import torch
from pykeen.losses import loss_resolver
from pykeen.models import ERModel, Model, model_resolver
from pykeen.optimizers import optimizer_resolver
from pykeen.pipeline import PipelineResult
from pykeen.regularizers import regularizer_resolver
from pykeen.training import training_loop_resolver
from pykeen.triples import CoreTriplesFactory
from torch import Tensor

from ..training import TimeBudgetMixin
from ..training.budget.checkpoint import save_checkpoint

__all__ = ["measure_costs", "regularizer_share", "relation_bytes"]

#: Where relations are in a model's state
_RELATIONS: Final = "relation_representations."
#: The steps of a measurement, and the measurements of each kind, of which the first does not count
_STEPS: Final = 10
_ROUNDS: Final = 4


def measure_costs(result: PipelineResult, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Measure what a run costs.

    :param result: the run
    :param arguments: the arguments of its pipeline
    :return: ``relation_bytes``, see :func:`relation_bytes`; ``seconds_per_epoch`` of training, and
        ``regularizer_share`` of them
    """
    loop = result.training_loop
    assert isinstance(loop, TimeBudgetMixin)
    return dict(
        relation_bytes=relation_bytes(result.model, loop.optimizer),
        seconds_per_epoch=round(loop.seconds["training"] / max(1, loop.num_steps) * loop.steps_per_epoch, 4),
        regularizer_share=round(regularizer_share(arguments, result.training, result.model.device), 4),
    )


def relation_bytes(model: Model, optimizer: torch.optim.Optimizer) -> dict[str, int]:
    """Count the bytes of relations, inverse ones included.

    :param model: the model
    :param optimizer: its optimizer, after a training
    :return: the bytes of the parameters (``model``), of the optimizer's state of them (``optimizer``), and by which a
        checkpoint file of both is longer than one without relations (``checkpoint``)
    """
    assert isinstance(model, ERModel)
    own_parameters = [
        parameter for representation in model.relation_representations for parameter in representation.parameters()
    ]
    relations = {id(parameter) for parameter in own_parameters}
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    own = {number for number, parameter in enumerate(parameters) if id(parameter) in relations}
    state, states = model.state_dict(), optimizer.state_dict()
    without = dict(
        model={name: value for name, value in state.items() if not name.startswith(_RELATIONS)},
        optimizer={**states, "state": {key: value for key, value in states["state"].items() if key not in own}},
    )
    return dict(
        model=_bytes(own_parameters),
        optimizer=_bytes(_tensors(states["state"].get(number, {}) for number in own)),
        checkpoint=_file_size(dict(model=state, optimizer=states)) - _file_size(without),
    )


def _tensors(states: Iterable[Mapping[str, Any]]) -> Iterator[Tensor]:
    return (value for state in states for value in state.values() if isinstance(value, Tensor))


def _bytes(tensors: Iterable[Tensor]) -> int:
    return sum(tensor.numel() * tensor.element_size() for tensor in tensors)


def _file_size(state: Mapping[str, Any]) -> int:
    with tempfile.TemporaryDirectory(prefix="pykeen-conj-hale-") as folder:
        path = Path(folder) / "checkpoint.pt"
        save_checkpoint(path, state)
        return path.stat().st_size


def regularizer_share(
    arguments: Mapping[str, Any], training: CoreTriplesFactory, device: torch.device | None = None
) -> float:
    """Measure which share of a training step is the regularizer's, by steps with it and without it in turns.

    Models are made anew, so that a run is left as it is.

    :param arguments: the arguments of the run's pipeline
    :param training: the training triples
    :param device: the device
    :return: 1 - (seconds without) / (seconds with), of the median rounds; 0 without a regularizer. On a machine that is
        busy otherwise it may be a little below 0
    """
    if arguments.get("regularizer") is None:
        return 0.0
    batch_size = arguments["training_kwargs"]["batch_size"]
    part = training.clone_and_exchange_triples(training.mapped_triples[: batch_size * _STEPS])
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(_ROUNDS):
        for regularized, measured in seconds.items():
            measured.append(_seconds_per_step(arguments, part, device, regularized))
    without, whole = (statistics.median(seconds[regularized][1:]) for regularized in (False, True))
    return 1 - without / whole


def _seconds_per_step(
    arguments: Mapping[str, Any], training: CoreTriplesFactory, device: torch.device | None, regularized: bool
) -> float:
    model = model_resolver.make(
        arguments["model"],
        arguments["model_kwargs"],
        triples_factory=training,
        loss=loss_resolver.make(arguments["loss"], arguments["loss_kwargs"]),
        regularizer=regularizer_resolver.make(arguments["regularizer"], arguments["regularizer_kwargs"])
        if regularized
        else None,
        random_seed=0,
    ).to(device)
    loop = training_loop_resolver.make(
        arguments["training_loop"],
        triples_factory=training,
        model=model,
        optimizer=optimizer_resolver.make(
            arguments["optimizer"], arguments["optimizer_kwargs"], params=model.get_grad_params()
        ),
        automatic_memory_optimization=False,
    )
    assert isinstance(loop, TimeBudgetMixin)
    loop.train(training, num_epochs=1, batch_size=arguments["training_kwargs"]["batch_size"], use_tqdm=False)
    return loop.seconds["training"] / loop.num_steps
