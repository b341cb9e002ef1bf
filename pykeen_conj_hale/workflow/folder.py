"""The folder of a trained model: its files, which hold no code, and what may be written there.

| file | what |
|---|---|
| ``configuration.json`` | how it was made: the arguments of PyKEEN's pipeline, versions, the source |
| ``entities.tsv``, ``relations.tsv`` | the labels, verbatim, one per line, in the order of the ids |
| ``triples/train.txt``, ``valid.txt``, ``test.txt`` | the triples, with tabs between labels |
| ``weights.pt`` | the model's state, tensors only |
| ``metrics.json`` | what was measured |
| ``training`` | a folder with what an interrupted training goes on from; removed at the end |
| ``.earlier-training`` | a folder with the training that this one replaces; removed at the end |
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from pykeen.models import Model
from pykeen.triples import TriplesFactory

from ..datasets import VerbatimTriplesFactory
from ..datasets.files import BYTE_ORDER_MARK, SplitFile
from ..datasets.reader import read_lines
from ..files import replacing
from ..training.budget.tensor_file import UnreadableFileError, read_tensors, write_tensors

__all__ = ["FORMAT", "VERSION", "ModelFolder", "Splits"]

FORMAT: Final = "pykeen-conj-hale model"
VERSION: Final = 1

#: Triples by split: ``training``, ``validation``, ``testing``
Splits = Mapping[str, TriplesFactory]

SPLIT_FILES: Final = {"training": "train.txt", "validation": "valid.txt", "testing": "test.txt"}
#: What a configuration says of each model
NEEDED: Final = ("pipeline", "create_inverse_triples")
#: What a training writes besides: vectors, PyKEEN's own files
PYKEEN: Final = "pykeen"
FURTHER: Final = ("vectors.safetensors", "vectors.txt", PYKEEN)


class ModelFolder:
    """The files of a trained model.

    :param path: the folder
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).expanduser()
        self.configuration = self.path / "configuration.json"
        self.weights = self.path / "weights.pt"
        self.metrics = self.path / "metrics.json"
        self.training = self.path / "training"
        self.checkpoint = self.training / "checkpoint.pt"
        self.best_model = self.training / "best-model.pt"
        self.curve = self.training / "validation.json"
        self.report = self.path / "report.html"
        self.triples = self.path / "triples"
        self.labels = {kind: self.path / f"{kind}.tsv" for kind in ("entities", "relations")}

    def content(self) -> list[str]:
        """List the files, without the hidden ones of the lock.

        :return: the names; none if there is no folder
        """
        if not self.path.exists():
            return []
        lock = f".{self.configuration.name}"
        return sorted(path.name for path in self.path.iterdir() if not path.name.startswith(lock))

    def files(self) -> list[Path]:
        """List the files that a model is loaded from, also by PyKEEN, and which nothing else may replace.

        :return: the paths, which need not exist
        """
        triples = (self.triples / name for name in SPLIT_FILES.values())
        pykeens = self.path.joinpath(PYKEEN).rglob("*")
        return [self.configuration, self.weights, self.metrics, self.report, *self.labels.values(), *triples, *pykeens]

    def own_files(self) -> list[Path]:
        """List the files and folders that a training writes.

        :return: the paths, which need not exist: the weights first, and last of all what tells that the folder is ours
        """
        own = (self.weights, self.metrics, self.training, self.report, self.triples)
        return [*own, *self.labels.values(), *(self.path / name for name in FURTHER), self.configuration]

    def write_configuration(self, configuration: Mapping[str, Any]) -> None:
        """Write how the model is made.

        :param configuration: JSON's types only
        """
        write_json(self.configuration, {"format": FORMAT, "version": VERSION, **configuration})

    def read_configuration(self) -> dict[str, Any]:
        """Read how the model was made.

        :return: the configuration
        :raises FileNotFoundError: if there is none
        :raises ValueError: if it is damaged, of another program, or of another version of the format
        """
        if not self.configuration.is_file():
            raise FileNotFoundError(
                f"{self.path} is no folder of a trained model: it has no {self.configuration.name}. Name one that "
                "`pykeen-conj-hale train` wrote."
            )
        content = read_json(self.configuration)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"{self.configuration} was not written by `pykeen-conj-hale train`; it is left as it is.")
        if content.get("version") != VERSION:
            raise ValueError(
                f"{self.configuration} has version {content.get('version')!r} of the format, and {VERSION} is needed: "
                f"use the version of this package that wrote it, {content.get('package', 'unknown')}, or train anew."
            )
        if missing := [name for name in NEEDED if name not in content]:
            raise ValueError(f"{self.configuration} is damaged: it does not say {', '.join(missing)}. Train anew.")
        return content

    def write_splits(self, splits: Splits) -> None:
        """Write labels and triples, verbatim.

        :param splits: the triples, which share their ids
        """
        training = splits["training"]
        for kind, labels in (("entities", training.entity_id_to_label), ("relations", training.relation_id_to_label)):
            _write_lines(self.labels[kind], (labels[i] for i in range(len(labels))))
        for name, factory in splits.items():
            _write_lines(self.triples / SPLIT_FILES[name], ("\t".join(triple) for triple in _labels_of(factory)))

    def has_splits(self) -> bool:
        """Say whether labels and triples are written: all of them, as the triples for testing are the last."""
        return (self.triples / SPLIT_FILES["testing"]).exists()

    def read_splits(self, create_inverse_triples: bool) -> dict[str, TriplesFactory]:
        """Read labels and triples.

        :param create_inverse_triples: whether the training triples get inverse ones
        :return: the triples by split
        :raises FileNotFoundError: if a file is missing
        :raises ValueError: if a file is damaged
        """
        entity_to_id, relation_to_id = (_read_ids(self.labels[kind]) for kind in ("entities", "relations"))
        splits: dict[str, TriplesFactory] = {}
        for name, file in SPLIT_FILES.items():
            path = self.triples / file
            # a file of our own has no header, whatever its first line looks like
            labels = read_lines(SplitFile(path))
            columns = zip((entity_to_id, relation_to_id, entity_to_id), range(3), strict=True)
            try:
                ids = np.stack([[mapping[x] for x in labels[column::3]] for mapping, column in columns], axis=-1)
            except KeyError as error:
                raise ValueError(f"{path} is damaged: its label {error} is in no list of labels.") from error
            splits[name] = VerbatimTriplesFactory(
                mapped_triples=ids.astype(np.int64),
                entity_to_id=entity_to_id,
                relation_to_id=relation_to_id,
                create_inverse_triples=create_inverse_triples and name == "training",
            )
        return splits

    def write_weights(self, model: Model) -> None:
        """Write the state of a model.

        :param model: the model
        """
        write_tensors(self.weights, {name: value.cpu() for name, value in model.state_dict().items()})

    def load_weights(self, model: Model) -> None:
        """Read the state of a model. Nothing in the file is executed.

        :param model: the model, which gets it
        :raises FileNotFoundError: if the training has not ended yet
        :raises ValueError: if the file is damaged, or of another model
        """
        if not self.weights.is_file():
            raise FileNotFoundError(
                f"{self.path} has no {self.weights.name}: its training was interrupted. The same command with --resume "
                "(resume=True) goes on."
            )
        try:
            model.load_state_dict(read_tensors(self.weights))
        except (UnreadableFileError, RuntimeError, TypeError) as error:
            raise ValueError(f"{self.weights} is damaged, or of another model: {error}") from error


def _labels_of(factory: TriplesFactory) -> np.ndarray[Any, Any]:
    entities, relations = (
        np.array([labels[i] for i in range(len(labels))], dtype=object)
        for labels in (factory.entity_id_to_label, factory.relation_id_to_label)
    )
    h, r, t = factory.mapped_triples.numpy().T
    return np.stack([entities[h], relations[r], entities[t]], axis=-1)


def _write_lines(path: Path, lines: Iterable[str]) -> None:
    with replacing(path) as file:
        for number, line in enumerate(lines):
            # whoever reads the file takes a first U+FEFF for such a mark, also where it begins a label
            mark = BYTE_ORDER_MARK if number == 0 and line.startswith(BYTE_ORDER_MARK) else ""
            file.write(f"{mark}{line}\n".encode())


def _read_ids(path: Path) -> dict[str, int]:
    lines = SplitFile(path).read_text().removesuffix("\n").split("\n")
    ids = {label: i for i, label in enumerate(lines)}
    if len(ids) < len(lines) or "" in ids:
        raise ValueError(f"{path} is damaged: a label is empty, or there twice.")
    return ids


def write_json(path: Path, content: Any) -> None:
    """Write a file of JSON, as a whole or not at all."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with replacing(path) as file:
        # the name of a file of triples need not be text
        file.write(f"{text}\n".encode(errors="replace"))


def read_json(path: Path) -> Any:
    """Read a file of JSON.

    :raises ValueError: if it is none
    """
    try:
        return json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON, or damaged: {error}") from error
