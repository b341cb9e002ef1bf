"""A trained model with its triples: what one does with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch
from pykeen.losses import loss_resolver
from pykeen.models import Model, model_resolver
from pykeen.regularizers import regularizer_resolver
from pykeen.triples import CoreTriplesFactory, TriplesFactory

from ..checks import check_choice, check_path, check_whole
from ..datasets import Columns
from ..devices import choose_device
from ..outputs import check_outputs
from ..training.budget.random_state import preserve_random_state
from .data import check_ids, read_known
from .exporting import FORMATS, entity_vectors
from .folder import ModelFolder, Splits, read_json
from .labels import look_up
from .measuring import BASELINE, measure, measure_baseline, summarize
from .predicting import Known, Question, predict

__all__ = ["TrainedModel", "load", "make_model"]


@dataclasses.dataclass(frozen=True)
class TrainedModel:
    """A trained model, and the triples it was made from."""

    #: PyKEEN's model
    model: Model
    #: The triples by split: ``training``, ``validation``, ``testing``
    splits: Splits
    #: How it was made
    configuration: Mapping[str, Any]
    #: What was measured at the end of its training
    metrics: Mapping[str, Any]
    #: Where it is
    path: Path

    @property
    def training(self) -> TriplesFactory:
        """The training triples, which have the labels."""
        return self.splits["training"]

    def predict(
        self,
        *,
        head: str | None = None,
        relation: str | None = None,
        tail: str | None = None,
        top: int = 10,
        known: Known = "mark",
    ) -> pd.DataFrame:
        """Find the best answers of a question: two of head, relation and tail are given, the third is asked for.

        :param head: the label of the head
        :param relation: the label of the relation
        :param tail: the label of the tail
        :param top: the number of answers, ≥ 1
        :param known: what becomes of triples of training, validation or testing: ``"mark"`` or ``"drop"``
        :return: a table with the columns ``head``, ``relation``, ``tail``, ``rank``, ``score``, ``known``
        :raises UnknownLabelError: if a label is unknown
        :raises ValueError: if not two are given, or another argument is not allowed
        """
        return self.predict_all([Question(head, relation, tail)], top=top, known=known).drop(columns="question")

    def predict_all(self, questions: Sequence[Question], *, top: int = 10, known: Known = "mark") -> pd.DataFrame:
        """Find the best answers of many questions.

        :param questions: the questions
        :param top: the number of answers per question, ≥ 1
        :param known: as for :meth:`predict`
        :return: a table as that of :meth:`predict`, with the column ``question``, the number from 0
        :raises ValueError: as for :meth:`predict`
        """
        return predict(self.model, self.training, questions, top=top, known=known, triples=[*self._held_out.values()])

    def neighbours(
        self, entity: str, *, top: int = 10, metric: Literal["cosine", "euclidean"] = "cosine"
    ) -> pd.DataFrame:
        """Find the entities whose vectors are nearest to that of an entity.

        :param entity: the label
        :param top: the number of neighbours, ≥ 1
        :param metric: ``"cosine"`` similarity or ``"euclidean"`` distance
        :return: a table with the columns ``entity`` and that of the metric, the nearest first
        :raises UnknownLabelError: if the label is unknown
        :raises ValueError: if another argument is not allowed
        """
        check_whole("top", top)
        label = self.training.entity_id_to_label[look_up("entity", entity, self.training.entity_to_id)]
        found = entity_vectors(self.model, self.training).nearest(label, top, kind="entity", metric=metric)  # type: ignore[arg-type]
        return pd.DataFrame({"entity": [x.token for x in found], metric: [x.value for x in found]})

    def evaluate(self, triples: CoreTriplesFactory | None = None) -> pd.DataFrame:
        """Measure the model beside the most frequent answers of each relation.

        :param triples: the triples to rank, with ids of this model; the test triples by default
        :return: a table with a row per model, and a column per metric
        :raises ValueError: if the triples have other ids
        """
        triples = self.splits["testing"] if triples is None else check_ids(triples, self.training)
        known = list(self.splits.values())
        rows = {
            type(self.model).__name__: summarize(measure(self.model, triples, known)),
            BASELINE: summarize(measure_baseline(self.training, triples, known)),
        }
        return pd.DataFrame.from_dict(rows, orient="index")

    @property
    def test_metrics(self) -> pd.DataFrame:
        """What :meth:`evaluate` found for the test triples at the end of the training."""
        rows = {type(self.model).__name__: self.metrics["test"], BASELINE: self.metrics[BASELINE]}
        return pd.DataFrame.from_dict(rows, orient="index")

    def read(self, path: str | Path, *, columns: Columns | None = None) -> TriplesFactory:
        """Read further triples with the ids of this model, to evaluate on.

        Triples with a label that the model does not know are left out, and counted in the log.

        :param path: a file of triples
        :param columns: the names of the columns of heads, relations and tails
        :return: the triples
        :raises ValueError: if the file is broken, or no triple is left
        """
        return read_known(path, self.training, columns)

    def export(self, path: str | Path, file_format: str, *, force: bool = False) -> Path:
        """Write vectors to a file that other tools read.

        :param path: the file
        :param file_format: ``"safetensors"``, ``"word2vec"`` or ``"tsv"``
        :param force: whether a file that is there may be replaced
        :return: the file
        :raises ValueError: if there is no such format, or the format has no place for a label
        :raises FileExistsError: if the file is there, and is not to be replaced
        :raises ImportError: if safetensors is not installed, and needed
        """
        _, _, write = FORMATS[check_choice("file_format", file_format, FORMATS)]
        target = check_path("path", path).expanduser()
        check_outputs([target], ModelFolder(self.path).files(), force=force)
        write(target, self.model, self.training)  # type: ignore[arg-type]
        return target

    @property
    def _held_out(self) -> dict[str, TriplesFactory]:
        return {name: factory for name, factory in self.splits.items() if name != "training"}


def load(path: str | Path, *, device: str | torch.device | None = None) -> TrainedModel:
    """Load a trained model from its folder. No code in it is executed, and labels are the text that they were.

    PyKEEN's own files are in the sub-folder ``pykeen``. What PyKEEN makes of its ``training_triples`` there changes
    labels that look like numbers or like missing values: ``00001740`` becomes 1740, ``NA`` becomes NaN.

    :param path: the folder, as :func:`~pykeen_conj_hale.workflow.train_triples` wrote it
    :param device: where the model goes; PyKEEN's choice by default
    :return: the model
    :raises FileNotFoundError: if it is no such folder, or the training has not ended
    :raises ValueError: if it is damaged, or of another version
    """
    folder = ModelFolder(path)
    configuration = folder.read_configuration()
    arguments = configuration["pipeline"]
    splits = folder.read_splits(configuration["create_inverse_triples"])
    model = make_model(arguments, splits["training"])
    folder.load_weights(model)
    model = model.to(choose_device(device)).eval()
    return TrainedModel(model, splits, configuration, read_json(folder.metrics), folder.path)


def make_model(arguments: Mapping[str, Any], training: TriplesFactory) -> Model:
    """Make the model that PyKEEN's pipeline makes of its arguments, before its training.

    The seed that the model is made with, as PyKEEN asks for one, is nobody's: random states stay as they are.

    :param arguments: the arguments of the pipeline
    :param training: the training triples
    :return: the model
    """
    kwargs = dict(arguments.get("model_kwargs") or {})
    if arguments.get("regularizer") is not None:
        kwargs["regularizer"] = regularizer_resolver.make(
            arguments["regularizer"], dict(arguments.get("regularizer_kwargs") or {})
        )
    if arguments.get("loss") is not None:
        kwargs["loss"] = loss_resolver.make(arguments["loss"], dict(arguments.get("loss_kwargs") or {}))
    kwargs.setdefault("random_seed", 0)
    with preserve_random_state():
        return model_resolver.make(arguments["model"], kwargs, triples_factory=training)
