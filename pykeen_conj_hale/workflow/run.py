"""The whole job: read triples, choose settings, train, measure, write."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from class_resolver import ClassResolver
from pykeen.losses import loss_resolver
from pykeen.models import ERModel, Model, model_resolver
from pykeen.pipeline import pipeline
from pykeen.triples import TriplesFactory
from pykeen.version import get_version

from .. import __version__
from ..checks import check_bool, check_number, check_seed, look_up
from ..datasets import Columns
from ..datasets.policies import Policy
from ..defaults import choose_settings, describe_graph
from ..devices import choose_device
from ..locks import only_writer
from .data import read_splits
from .earlier import EarlierTraining
from .folder import ModelFolder, Splits
from .outputs import check_folder
from .results import write_results
from .tracking import CurveTracker
from .trained import TrainedModel, load, make_model

__all__ = ["train_triples"]

logger = logging.getLogger(__name__)

#: The seconds of a training where nothing is said
SECONDS: Final = 300.0
#: Validations per training, and the share of its seconds without improvement that ends it
VALIDATIONS: Final = 20
PATIENCE: Final = 0.5
#: The most seconds of training between two checkpoints
CHECKPOINT_SECONDS: Final = 60.0


def train_triples(
    triples: str | Path,
    output: str | Path,
    *,
    seconds: float | None = None,
    columns: Columns | None = None,
    holdout: float = 0.1,
    model: str | None = None,
    loss: str | None = None,
    seed: int = 0,
    header: Policy = "drop",
    duplicates: Policy = "drop",
    leakage: Policy = "drop",
    device: str | torch.device | None = None,
    force: bool = False,
    resume: bool = False,
    use_tqdm: bool = True,
) -> TrainedModel:
    """Train on a file or a folder of triples, measure the model, and write all of it to a folder.

    The settings are chosen from the graph. Training ends when the seconds are over, or validation has not improved for
    half of them; the best model is kept. Ctrl-C leaves a checkpoint, from which ``resume=True`` goes on.

    :param triples: a file, which is split, or a folder with one file per split: see
        :class:`~pykeen_conj_hale.datasets.FileDataset` and :class:`~pykeen_conj_hale.datasets.FolderDataset`
    :param output: the folder to write to, which is empty or not there
    :param seconds: the seconds of training, > 0; reading, validation and testing are not counted. None for 300, or for
        those that were asked for before, where an interrupted training goes on
    :param columns: the names of the columns of heads, relations and tails, where there are others than the usual ones
    :param holdout: the share of a file for validation, and the share for testing
    :param model: the name of the model; chosen from the graph if not given
    :param loss: the name of the loss; chosen from the graph if not given
    :param seed: of the split and the training, from 0 to 2³² − 1
    :param header: what becomes of a first line with the names of columns: ``"error"``, ``"drop"`` or ``"keep"``
    :param duplicates: what becomes of triples that are in their split before, as for ``header``
    :param leakage: what becomes of validation and test triples that are in another split, too, as for ``header``
    :param device: the device; PyKEEN's choice by default
    :param force: whether an earlier training in the folder is replaced. It is removed when the new one has ended, and
        put back if that one fails before its first validation
    :param resume: whether an interrupted training in the folder goes on: with its settings, and the seconds in all
    :param use_tqdm: whether to show a progress bar
    :return: the trained model, as :func:`~pykeen_conj_hale.workflow.load` loads it
    :raises ValueError: if an argument, or something in the files, is not allowed
    :raises OSError: if something cannot be read or written, or is there already
    :raises KeyboardInterrupt: if Ctrl-C was pressed; the message says how to go on
    """
    # plain numbers from here on, which JSON can hold: not NumPy's
    seconds = None if seconds is None else check_number("seconds", seconds, above=0)
    seed = check_seed("seed", seed)
    # a string is true, whatever it says, and would remove a training
    for name, value in (("force", force), ("resume", resume), ("use_tqdm", use_tqdm)):
        check_bool(name, value)
    device = choose_device(device)
    folder = ModelFolder(output)
    check_folder(folder, Path(triples), force=force, resume=resume)
    with only_writer(folder.configuration, "output"):
        # another process may have been faster
        check_folder(folder, Path(triples), force=force, resume=resume)
        splits = read_splits(
            triples,
            columns=columns,
            holdout=holdout,
            seed=seed,
            header=header,
            duplicates=duplicates,
            leakage=leakage,
        )
        if seconds is None:
            seconds = float(folder.read_configuration()["seconds"]) if resume else SECONDS
        plan, earlier = Plan(folder, splits, seconds, seed, device, use_tqdm), EarlierTraining(folder)
        if resume:
            arguments, interval = plan.go_on(model=model, loss=loss)
        else:
            settings = choose_settings(describe_graph(splits["training"]), seconds=seconds, model=model, loss=loss)
            logger.info("Settings: %s", settings.summary())
            arguments, interval = settings.pipeline_kwargs(), seconds / VALIDATIONS
            check_has_vectors(make_model(arguments, splits["training"]))
            # not before: what cannot be read, or made, leaves an earlier training as it is
            earlier.set_aside()
        with earlier.replaced():
            if not resume:
                plan.begin(arguments, interval, source=str(triples))
            plan.run(arguments, interval)
    return load(output, device=device)


@dataclasses.dataclass(frozen=True)
class Plan:
    """What is trained, and where it is written."""

    folder: ModelFolder
    splits: Splits
    seconds: float
    seed: int
    device: torch.device
    use_tqdm: bool

    def begin(self, arguments: Mapping[str, Any], interval: float, source: str) -> None:
        """Write down what is about to be trained.

        :param arguments: the arguments of PyKEEN's pipeline
        :param interval: the seconds of training from one validation to the next
        :param source: where the triples are from
        """
        self.folder.write_configuration(
            {
                **self._describe(arguments, interval),
                "source": source,
                "seed": self.seed,
                "create_inverse_triples": self.splits["training"].create_inverse_triples,
            }
        )
        self.folder.write_splits(self.splits)

    def go_on(self, *, model: str | None, loss: str | None) -> tuple[dict[str, Any], float]:
        """Get what the training that goes on has begun with.

        :param model: the name of the model, if one is given
        :param loss: the name of the loss, if one is given
        :return: the arguments of PyKEEN's pipeline, and the seconds of training from one validation to the next
        :raises ValueError: if its triples, its seed, its model or its loss are others, or a name is unknown
        """
        configuration = self.folder.read_configuration()
        self._check_same(configuration, model=model, loss=loss)
        if not self.folder.has_splits():
            # it was killed before anything was trained
            self.folder.write_splits(self.splits)
        there = self.folder.read_splits(configuration["create_inverse_triples"])
        for name, factory in self.splits.items():
            if not _are_equal(factory, there[name]):
                raise ValueError(
                    f"output={str(self.folder.path)!r} holds a training on other triples of {name}: give the same "
                    "triples, columns, holdout and seed to go on, or name another folder."
                )
        # not all configurations have the interval, and without it the seconds are those that the training began with
        interval = configuration.get("validation_seconds", configuration["seconds"] / VALIDATIONS)
        # before anything is trained: whoever goes on from here, also after a kill, has these seconds if none are said
        self.folder.write_configuration({**configuration, "seconds": self.seconds, "validation_seconds": interval})
        return configuration["pipeline"], interval

    def _check_same(self, configuration: Mapping[str, Any], *, model: str | None, loss: str | None) -> None:
        """Check that what is asked for is what the training has begun with."""
        begun = configuration["pipeline"]
        asked: list[tuple[str, object, object]] = []
        resolvers: list[tuple[str, str | None, ClassResolver[Any]]] = [
            ("model", model, model_resolver),
            ("loss", loss, loss_resolver),
        ]
        for name, given, resolver in resolvers:
            if given is not None and look_up(resolver, name, given) is not resolver.lookup(begun[name]):
                asked.append((name, given, begun[name]))
        if self.seed != (seed := configuration.get("seed", self.seed)):
            asked.append(("seed", self.seed, seed))
        for name, value, other in asked:
            raise ValueError(
                f"{name}={value!r}: the training in output={str(self.folder.path)!r} has begun with {name}={other!r}. "
                "Give the same to go on, train anew by --force (force=True), or name another folder."
            )

    def run(self, arguments: Mapping[str, Any], interval: float) -> None:
        """Train by PyKEEN's pipeline, and write all that there is to it.

        :param arguments: the pipeline's arguments
        :param interval: the seconds of training from one validation to the next
        :raises KeyboardInterrupt: if Ctrl-C was pressed
        """
        try:
            tracker = CurveTracker(self.folder.curve, interval)
            result = pipeline(**self._complete(arguments, interval), result_tracker=tracker)
            # a training that went on may have had other seconds, and other versions, than it began with
            begun = self.folder.read_configuration()
            self.folder.write_configuration({**begun, **self._describe(arguments, interval)})
            write_results(self.folder, self.splits, result)
        except KeyboardInterrupt as interrupt:
            raise KeyboardInterrupt(
                f"The same command with --resume (resume=True) goes on from {self.folder.path}."
            ) from interrupt

    def _describe(self, arguments: Mapping[str, Any], interval: float) -> dict[str, Any]:
        """Describe by what is trained, for how long, and with which arguments of the pipeline."""
        return {
            "package": __version__,
            "pykeen": get_version(),
            "torch": torch.__version__,
            "seconds": self.seconds,
            "validation_seconds": interval,
            "pipeline": self._with_budget(arguments),
        }

    def _with_budget(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        loop_kwargs = {**arguments.get("training_loop_kwargs", {}), "time_budget": self.seconds}
        return {**arguments, "training_loop_kwargs": loop_kwargs}

    def _complete(self, arguments: Mapping[str, Any], interval: float) -> dict[str, Any]:
        """Add what does not change the model: data, budget, validation, checkpoints, bars."""
        bar = {} if self.use_tqdm else {"disable": True}
        return {
            **self._with_budget(arguments),
            **self.splits,
            "training_kwargs": {
                **arguments.get("training_kwargs", {}),
                "checkpoint": self.folder.checkpoint,
                # of a short training, too, a kill loses a part only
                "checkpoint_seconds": min(CHECKPOINT_SECONDS, interval),
                "use_tqdm": self.use_tqdm,
                "tqdm_kwargs": bar,
            },
            "stopper": "timed",
            "stopper_kwargs": {
                "seconds": interval,
                "patience": max(1, round(PATIENCE * self.seconds / interval)),
                "best_model_path": self.folder.best_model,
                "use_tqdm": False,
            },
            "evaluator": "IndexedRankBased",
            "evaluation_kwargs": {"use_tqdm": False},
            "random_seed": self.seed,
            "device": self.device,
        }


def check_has_vectors(model: Model) -> None:
    """Check that a model has what is written at the end of a training.

    :param model: the model
    :raises ValueError: if it has no vectors of entities
    """
    if not isinstance(model, ERModel):
        raise ValueError(
            f"model={type(model).__name__!r} has no vectors of entities, which a training writes: name another one, or "
            "use PyKEEN's pipeline."
        )


def _are_equal(one: TriplesFactory, other: TriplesFactory) -> bool:
    return (
        one.entity_to_id == other.entity_to_id
        and one.relation_to_id == other.relation_to_id
        and torch.equal(one.mapped_triples, other.mapped_triples)
    )
