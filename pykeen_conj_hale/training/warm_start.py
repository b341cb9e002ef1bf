"""A warm start: a training that begins with what another model has learned, known by labels."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from pykeen.models import ERModel, Model
from pykeen.nn import Embedding
from pykeen.triples import KGInfo, TriplesFactory
from torch import Tensor

from ..description import describe
from ..embeddings.file import read_file
from ..embeddings.labeled import LabeledEmbeddings, label_rows
from ..embeddings.tables import check_number_of_rows, list_tables, read_table
from ..embeddings.transfer import RowTransfer, plan_transfer
from .budget.due import Due
from .budget.run import Run

__all__ = ["WarmStart", "plan_warm_start"]

logger = logging.getLogger(__name__)

#: What of an interaction may be another one where a training goes on
_FREE = "dropout"


@dataclasses.dataclass(frozen=True)
class _Source:
    """What another model has learned."""

    embeddings: LabeledEmbeddings
    #: The name of its class
    model: str
    #: What its interaction is set to; None where a file does not say so
    interaction: Mapping[str, str] | None
    #: The state of its interaction; None where a file does not hold it
    state: Mapping[str, Tensor] | None


class WarmStart(Due):
    """Puts what is known into a model that was just initialized, before the first step of a training.

    :param begin: does it
    """

    def __init__(self, begin: Callable[[], None]) -> None:
        self._begin = begin
        self._has_begun = False

    def begin(self, run: Run) -> None:
        """Put what is known into the model."""
        self._has_begun = True
        self._begin()

    def end(self, run: Run) -> None:
        """Do so where the run had no step to do, and its result is the model it begins with."""
        if not self._has_begun:
            self._begin()


def plan_warm_start(path: str | Path, model: Model, triples_factory: KGInfo) -> Callable[[], None]:
    """Read what another model has learned, and find what of it goes into this one; nothing is changed.

    Rows of entities and relations are known by their labels. What a folder says of the interaction, as HypER's
    convolution, is taken over, too. The optimizer and other parameters, as JointGloVe's words, begin anew.

    :param path: a folder of :meth:`pykeen.pipeline.PipelineResult.save_to_directory`, whose pickle is executed; or a
        file of :func:`~pykeen_conj_hale.embeddings.export_embeddings`, which holds no code
    :param model: the model
    :param triples_factory: the triples that it was made with
    :return: a function that puts it into the model
    :raises OSError: if there is nothing to read
    :raises ValueError: if it is of another model or dimension, has no label in common, or a value is not finite
    """
    origin = f"start_from={str(path)!r}"
    if not isinstance(model, ERModel):
        raise ValueError(f"{origin} needs a model of embeddings, an ERModel, and this is {type(model).__name__}.")
    if not Path(path).exists():
        raise FileNotFoundError(f"{origin} is not there: name the folder of a training, or a file of embeddings.")
    try:
        source = _read_folder(Path(path)) if Path(path).is_dir() else _read_file(path)
    except ValueError as error:
        raise ValueError(f"{origin}: {error}") from error
    _compare(source, model, origin)
    transfers = plan_transfer(source.embeddings, model, triples_factory, origin)
    state = _fit_state(source, model, origin)

    def begin() -> None:
        for transfer in transfers:
            transfer.apply()
        if state:
            model.interaction.load_state_dict(state)
        _say(origin, transfers, model, source)

    return begin


def _read_folder(folder: Path) -> _Source:
    """Read a folder of a pipeline's result; its pickle is executed."""
    from pykeen.pipeline import PipelineResult

    file, triples = folder / PipelineResult.MODEL_FILE_NAME, folder / PipelineResult.TRAINING_TRIPLES_FILE_NAME
    missing = [path.name for path in (file, triples) if not path.exists()]
    if missing:
        raise ValueError(f"the folder has no {missing[0]}, as save_to_directory of a pipeline's result writes it.")
    try:
        model = torch.load(file, map_location="cpu", weights_only=False)
        factory = TriplesFactory.from_path_binary(triples)
    except OSError:
        raise
    except Exception as error:  # a pickle may raise anything
        raise ValueError(f"the folder cannot be read: {type(error).__name__}: {error}.") from error
    if not isinstance(model, ERModel):
        raise ValueError(f"the model is {type(model).__name__}, which has no embeddings with labels.")
    labels, tensors = label_rows(model, factory), {}
    for name, representation in list_tables(model):
        check_number_of_rows(name, representation, labels[name.partition(".")[0]])
        if isinstance(representation, Embedding):
            tensors[name] = read_table(representation)
    settings = dict(describe("interaction", model.interaction))
    state = model.interaction.state_dict()
    return _Source(LabeledEmbeddings(tensors, labels), type(model).__name__, settings, state)


def _read_file(path: str | Path) -> _Source:
    """Read a file of embeddings."""
    embeddings, name, interaction = read_file(path)
    return _Source(embeddings, name, interaction, None)


def _compare(source: _Source, model: ERModel[Any, Any, Any], origin: str) -> None:
    """Refuse what was trained as another model: equal names and shapes do not tell."""
    here = type(model).__name__
    if source.interaction is None:
        differing = [] if source.model == here else [f"{source.model} there, {here} here"]
    else:
        settings = dict(describe("interaction", model.interaction))
        names = sorted({*settings, *source.interaction})
        differing = [
            f"{name} is {source.interaction.get(name, 'missing')} there, {settings.get(name, 'missing')} here"
            for name in names
            if source.interaction.get(name) != settings.get(name) and _FREE not in name
        ]
    if differing:
        raise ValueError(
            f"{origin} is of another model, {source.model}, than this {here}: {'; '.join(differing)}. Give the model "
            "and the options with which it was trained."
        )


def _fit_state(source: _Source, model: ERModel[Any, Any, Any], origin: str) -> Mapping[str, Tensor]:
    """Check the interaction's state, of which a model without one has none."""
    here, there = model.interaction.state_dict(), source.state or {}
    for name in here.keys() & there.keys():
        if here[name].shape != there[name].shape:
            raise ValueError(
                f"{origin} does not fit the model: interaction.{name} has the shape {tuple(here[name].shape)} here, "
                f"and {tuple(there[name].shape)} there."
            )
    if source.state is not None and here.keys() != there.keys():
        raise ValueError(
            f"{origin} does not fit the model: {sorted(here.keys() ^ there.keys())} of the interaction are on one "
            "side only."
        )
    for name, value in there.items():
        if not value.isfinite().all():
            raise ValueError(f"{origin} has NaN or infinite values in interaction.{name}, which no model can use.")
    return there


def _say(origin: str, transfers: list[RowTransfer], model: ERModel[Any, Any, Any], source: _Source) -> None:
    """Say how many rows are known, and what begins anew."""
    for transfer in transfers:
        known = len(transfer.rows)
        logger.info(
            "%s: %d rows of %s are known by their labels, %d begin as new ones.",
            origin,
            known,
            transfer.name,
            transfer.num_rows - known,
        )
    kept = {id(parameter) for transfer in transfers for parameter in transfer.embedding.parameters()}
    if source.state is not None:
        kept |= {id(parameter) for parameter in model.interaction.parameters()}
    anew = [name for name, parameter in model.named_parameters() if id(parameter) not in kept]
    if anew:
        logger.warning("%s does not tell %s: they begin as in a new model.", origin, ", ".join(anew))
